import { CallFailure } from '../../call-handler.ts';

/** A mail server, as a URL names it. */
export interface MailServer {
  /** The URL as it was given. */
  readonly href: string;
  readonly host: string;
  readonly port: number;
  /** TLS from the first byte. */
  readonly secure: boolean;
  readonly login: { readonly user: string; readonly pass: string } | undefined;
}

let parsed: MailServer | undefined;

/**
 * The server of an `smtp://` or `smtps://` URL. Ports are 25 and 465 unless it names one.
 * @throws {CallFailure} `not-sent` when it is missing or none
 */
export function mailServerOf(url: string | undefined): MailServer {
  if (parsed === undefined || parsed.href !== url) parsed = parse(url);
  return parsed;
}

function parse(href: string | undefined): MailServer {
  const url = href !== undefined && URL.canParse(href) ? new URL(href) : undefined;
  if (href === undefined || url === undefined || !/^smtps?:$/.test(url.protocol)) {
    // Not shown: it may hold a password.
    const is = href === undefined ? 'not set' : 'no smtp URL';
    throw new CallFailure(
      'not-sent',
      `SMTP_URL is ${is}: set it to the URL of the mail server, such as smtp://127.0.0.1:2525`,
    );
  }
  const secure = url.protocol === 'smtps:';
  const { hostname, port, username, password } = url;
  return {
    href,
    host: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? (secure ? 465 : 25) : Number(port),
    secure,
    login:
      username === ''
        ? undefined
        : { user: decodeURIComponent(username), pass: decodeURIComponent(password) },
  };
}
