/*
 * `npm start`. LMDB writes state on libuv's threads, and the C library keeps what a thread has freed
 * for that thread: with four of them the pages of a large transaction would stay in memory four
 * times. Two are enough here, one to flush the log and one to write state. They are counted when
 * the first is needed, which is to import what follows; a user's own number counts.
 */
process.env['UV_THREADPOOL_SIZE'] ??= '2';
await import('./order-system.ts');
