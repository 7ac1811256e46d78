import { expect, test } from 'vitest';
import { Attempt } from '../../../runtime/task/attempt.ts';
import { BuilderPool, OutputBuffer } from '../../../runtime/task/output-buffer.ts';
import { AttemptContext } from '../../../runtime/task/stage-context.ts';
import { TaskTimes } from '../../../runtime/task/task-times.ts';

test('the context of an attempt that is over moves no time (E8)', () => {
  const times = new TaskTimes();
  const attempt = new Attempt(new OutputBuffer(new BuilderPool()));
  const host = {
    taskId: 'run_0',
    times,
    storeHandle: () => expect.unreachable(),
    deadLetterRecord: () => {},
    issueIntent: () => {},
  };
  const context = new AttemptContext('run', [], attempt, host, 0);
  context.operatorTime = 5;
  attempt.end();
  context.operatorTime = 7;
  expect(times.operatorTime('run')).toBe(5);
});
