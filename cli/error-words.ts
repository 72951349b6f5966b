import { errorMessage } from '../domain/index.ts'

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file or folder',
  EACCES: 'this user may not',
  EPERM: 'this user may not',
  EISDIR: 'it is a folder',
  ENOTDIR: 'a part of its path is a file',
  EEXIST: 'there is a file of that name',
  EROFS: 'the disk is read only',
  ENOSPC: 'the disk is full',
}

/** An error as a person is told it: what the system says of a file or folder as a sentence that names it. */
export function errorWords(error: unknown): string {
  const { code = '', path } = (error ?? {}) as NodeJS.ErrnoException
  const reason = reasons[code]
  return reason === undefined || typeof path !== 'string'
    ? errorMessage(error)
    : `${path} cannot be used: ${reason}. Mend that, or name another.`
}
