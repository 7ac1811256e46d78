import { Subject } from 'rxjs';
import { describe, expect, test } from 'vitest';
import { listen, Relay } from '../../processors/relay.ts';

function observer(log: unknown[], name = '') {
  return {
    next: (value: unknown) => log.push(`${name}${String(value)}`),
    error: (reason: unknown) => log.push(`${name}error ${String(reason)}`),
    complete: () => log.push(`${name}complete`),
  };
}

describe('Relay', () => {
  test('hands a value to all observers, in the order in which they came', () => {
    const log: unknown[] = [];
    const relay = new Relay<number>();
    relay.attach(observer(log, 'a'));
    relay.subscribe(observer(log, 'b'));
    relay.next(1);
    relay.complete();
    expect(log).toEqual(['a1', 'b1', 'acomplete', 'bcomplete']);
  });

  test('ends once, and tells who comes later', () => {
    const log: unknown[] = [];
    const relay = new Relay<number>();
    relay.error('broken');
    relay.complete();
    relay.subscribe(observer(log));
    expect([log, relay.ended]).toEqual([['error broken'], true]);
  });

  test('lets an observer leave while a value is handed out', () => {
    const log: unknown[] = [];
    const relay = new Relay<number>();
    const leave = relay.attach({ ...observer(log), next: () => leave() });
    relay.attach(observer(log, 'b'));
    relay.next(1);
    relay.next(2);
    expect(log).toEqual(['b1', 'b2']);
  });

  test('tells when the last observer leaves before the end, and not after it', () => {
    const log: string[] = [];
    const relay = new Relay<number>(() => log.push('idle'));
    const first = relay.subscribe();
    const second = relay.subscribe();
    first.unsubscribe();
    expect(log).toEqual([]);
    second.unsubscribe();
    expect([log, relay.observed]).toEqual([['idle'], false]);
    relay.subscribe();
    relay.complete();
    expect(log).toEqual(['idle']);
  });

  test('is listened to as any observable is', () => {
    const log: unknown[] = [];
    const subject = new Subject<number>();
    const relay = new Relay<number>();
    const leave = [listen(subject, observer(log, 's')), listen(relay, observer(log, 'r'))];
    subject.next(1);
    relay.next(2);
    for (const each of leave) each();
    subject.next(3);
    relay.next(4);
    expect(log).toEqual(['s1', 'r2']);
  });
});
