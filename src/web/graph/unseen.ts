import { Isol8Error } from '../../foundation/errors.js';

export function unseen(pid: number): Isol8Error {
  const why = 'It has ended, or it belongs to another user: be root to see it.';
  return new Isol8Error('ESRCH', `graph process ${pid}: ESRCH. There is no such process to be seen. ${why}`);
}
