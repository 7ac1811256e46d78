import { type ErrorPlace, StreamsError } from '../../../topology/core/errors.ts';

/** A process of its own that ran an application has ended, by a failure that it told of or in a way that it could not tell. */
export class ChildEndedError extends StreamsError {
  /** The exit code that the failure calls for. */
  readonly exitCode: number;
  /** Another start would only meet it again. */
  readonly final: boolean;
  /** What the failure looks like on standard error, with a line break at its end. */
  readonly text: string;

  constructor(
    code: string,
    message: string,
    how: {
      readonly exitCode: number;
      readonly final: boolean;
      readonly text: string;
      readonly place?: ErrorPlace;
    },
  ) {
    super(code, message, { place: how.place ?? {} });
    this.exitCode = how.exitCode;
    this.final = how.final;
    this.text = how.text;
  }
}
