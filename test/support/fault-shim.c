/*
 * Preloaded into a process (LD_PRELOAD), stands between it and the file system for what lies under one folder:
 * writes every call into a journal, and fails the one it is told to. See fault-shim.ts for its other side.
 *
 *   FAULT_FOLDER   absolute path whose files are watched
 *   FAULT_JOURNAL  where calls are written; the process may truncate it at any time
 *   FAULT_CONTROL  a file of 64 bytes, mapped: the struct below
 *   FAULT_MARKS    a file outside the folder: what is written there stands in the journal as a mark
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

enum { OPEN = 1, WRITE, TRUNCATE, SYNC, RENAME, UNLINK, MKDIR, MARK };
enum { NO_FAULT, IO_ERROR, NO_SPACE, SHORT_WRITE, SYNC_ERROR };
enum { CREATED = 1, EMPTIED = 2 };

struct control {
  uint32_t is_on;
  uint32_t mode;
  uint32_t at_call;
  uint32_t calls;
  uint32_t fired;
};

struct record {
  uint32_t kind, handle;
  uint64_t offset;
  uint32_t length;
  int32_t error;
};

enum { MAX_FD = 65536 };
static const uint32_t marks = UINT32_MAX;
static uint32_t handles[MAX_FD];
static uint32_t last_handle;
static struct control *control;
static const char *folder, *marks_file;
static size_t folder_length;
static int journal = -1;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void die(const char *words) {
  dprintf(2, "fault shim: %s: %s\n", words, strerror(errno));
  _exit(99);
}

__attribute__((constructor)) static void start(void) {
  const char *control_file = getenv("FAULT_CONTROL"), *journal_file = getenv("FAULT_JOURNAL");
  folder = getenv("FAULT_FOLDER");
  marks_file = getenv("FAULT_MARKS");
  if (!folder || !control_file || !journal_file) return;
  folder_length = strlen(folder);
  int fd = syscall(SYS_openat, AT_FDCWD, control_file, O_RDWR | O_CLOEXEC, 0);
  if (fd < 0) die(control_file);
  void *mapped = mmap(NULL, 64, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (mapped == MAP_FAILED) die("mmap");
  journal = syscall(SYS_openat, AT_FDCWD, journal_file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (journal < 0) die(journal_file);
  control = mapped;
}

static int is_watched(const char *path) {
  return control && strncmp(path, folder, folder_length) == 0 &&
         (path[folder_length] == '/' || path[folder_length] == 0);
}

static uint32_t handle_of(int fd) { return control && fd >= 0 && fd < MAX_FD ? handles[fd] : 0; }

static void note(uint32_t kind, uint32_t handle, uint64_t offset, const void *bytes, size_t length, int error) {
  if (!control->is_on) return;
  struct record record = {kind, handle, offset, length, error};
  struct iovec parts[2] = {{&record, sizeof record}, {(void *)bytes, length}};
  if (syscall(SYS_writev, journal, parts, 2) != (long)(sizeof record + length)) die("journal");
}

/* The error that this call is to end with, or 0; `cut` where a write is to keep its first half only. */
static int fault(int takes_space, int is_sync, size_t length, int *cut) {
  if (!control->is_on) return 0;
  uint32_t call = ++control->calls;
  if (control->mode == NO_FAULT || call < control->at_call) return 0;
  switch (control->mode) {
    case IO_ERROR:
      if (call != control->at_call) return 0;
      control->fired++;
      return EIO;
    case SYNC_ERROR:
      if (!is_sync || control->fired) return 0;
      control->fired++;
      return EIO;
    case SHORT_WRITE:
      if (!control->fired && (!cut || length < 2)) return 0;
      if (!control->fired++) {
        *cut = 1;
        return 0;
      }
      return takes_space ? ENOSPC : 0;
    case NO_SPACE:
      if (!takes_space) return 0;
      control->fired++;
      return ENOSPC;
  }
  return 0;
}

static long failed(int error) {
  errno = error;
  return -1;
}

static int watched_open(const char *path, int flags, mode_t mode) {
  int is_marks = control && marks_file && strcmp(path, marks_file) == 0;
  if (is_marks || !is_watched(path)) {
    int fd = syscall(SYS_openat, AT_FDCWD, path, flags, mode);
    if (fd >= 0 && fd < MAX_FD) handles[fd] = is_marks ? marks : 0;
    return fd;
  }
  pthread_mutex_lock(&lock);
  struct stat before;
  int creates = (flags & O_CREAT) && stat(path, &before) != 0;
  int error = fault(creates, 0, 0, NULL);
  int fd = error ? -1 : syscall(SYS_openat, AT_FDCWD, path, flags, mode);
  if (!error && fd < 0) error = errno;
  if (fd >= 0 && fd < MAX_FD) handles[fd] = ++last_handle;
  note(OPEN, handle_of(fd), (creates ? CREATED : 0) | (flags & O_TRUNC ? EMPTIED : 0), path, strlen(path), error);
  pthread_mutex_unlock(&lock);
  if (error) return failed(error);
  return fd;
}

#define OPEN_BODY                                          \
  va_list arguments;                                       \
  va_start(arguments, flags);                              \
  mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(arguments, mode_t) : 0; \
  va_end(arguments);

int open(const char *path, int flags, ...) { OPEN_BODY return watched_open(path, flags, mode); }
int open64(const char *path, int flags, ...) { OPEN_BODY return watched_open(path, flags, mode); }
static int open_at(int at, const char *path, int flags, mode_t mode) {
  if (at == AT_FDCWD || path[0] == '/') return watched_open(path, flags, mode);
  return syscall(SYS_openat, at, path, flags, mode);
}
int openat(int at, const char *path, int flags, ...) { OPEN_BODY return open_at(at, path, flags, mode); }
int openat64(int at, const char *path, int flags, ...) { OPEN_BODY return open_at(at, path, flags, mode); }

int close(int fd) {
  pthread_mutex_lock(&lock);
  if (handle_of(fd)) handles[fd] = 0;
  pthread_mutex_unlock(&lock);
  return syscall(SYS_close, fd);
}

static ssize_t watched_write(int fd, const void *bytes, size_t length, int64_t offset) {
  uint32_t handle = handle_of(fd);
  if (!handle)
    return offset < 0 ? syscall(SYS_write, fd, bytes, length) : syscall(SYS_pwrite64, fd, bytes, length, offset);
  pthread_mutex_lock(&lock);
  int cut = 0, error = handle == marks ? 0 : fault(1, 0, length, &cut);
  if (cut) length /= 2;
  ssize_t written = error      ? -1
                    : offset < 0 ? syscall(SYS_write, fd, bytes, length)
                                 : syscall(SYS_pwrite64, fd, bytes, length, offset);
  if (!error && written < 0) error = errno;
  if (handle == marks) note(MARK, 0, 0, bytes, length, 0);
  else note(WRITE, handle, offset < 0 ? lseek(fd, 0, SEEK_CUR) - written : offset, bytes, written < 0 ? 0 : written, error);
  pthread_mutex_unlock(&lock);
  return error ? failed(error) : written;
}

static ssize_t watched_writev(int fd, const struct iovec *parts, int count, int64_t offset) {
  if (!handle_of(fd))
    return offset < 0 ? syscall(SYS_writev, fd, parts, count) : syscall(SYS_pwritev, fd, parts, count, offset, 0);
  size_t length = 0;
  for (int i = 0; i < count; i++) length += parts[i].iov_len;
  char *joined = malloc(length ? length : 1), *end = joined;
  for (int i = 0; i < count; end += parts[i++].iov_len) memcpy(end, parts[i].iov_base, parts[i].iov_len);
  ssize_t written = watched_write(fd, joined, length, offset);
  int error = errno;
  free(joined);
  errno = error;
  return written;
}

ssize_t write(int fd, const void *bytes, size_t length) { return watched_write(fd, bytes, length, -1); }
ssize_t pwrite(int fd, const void *bytes, size_t length, off_t at) { return watched_write(fd, bytes, length, at); }
ssize_t pwrite64(int fd, const void *bytes, size_t length, off_t at) { return watched_write(fd, bytes, length, at); }
ssize_t writev(int fd, const struct iovec *parts, int count) { return watched_writev(fd, parts, count, -1); }
ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t at) { return watched_writev(fd, parts, count, at); }
ssize_t pwritev64(int fd, const struct iovec *parts, int count, off_t at) { return watched_writev(fd, parts, count, at); }

static int watched_sync(int fd, long call) {
  uint32_t handle = handle_of(fd);
  if (!handle || handle == marks) return syscall(call, fd);
  pthread_mutex_lock(&lock);
  int error = fault(0, 1, 0, NULL);
  if (!error && syscall(call, fd) != 0) error = errno;
  note(SYNC, handle, 0, NULL, 0, error);
  pthread_mutex_unlock(&lock);
  return error ? failed(error) : 0;
}
int fsync(int fd) { return watched_sync(fd, SYS_fsync); }
int fdatasync(int fd) { return watched_sync(fd, SYS_fdatasync); }

int ftruncate(int fd, off_t size) {
  uint32_t handle = handle_of(fd);
  if (!handle || handle == marks) return syscall(SYS_ftruncate, fd, size);
  pthread_mutex_lock(&lock);
  struct stat before;
  int error = fault(fstat(fd, &before) == 0 && size > before.st_size, 0, 0, NULL);
  if (!error && syscall(SYS_ftruncate, fd, size) != 0) error = errno;
  note(TRUNCATE, handle, size, NULL, 0, error);
  pthread_mutex_unlock(&lock);
  return error ? failed(error) : 0;
}
int ftruncate64(int fd, off_t size) { return ftruncate(fd, size); }

int rename(const char *from, const char *to) {
  if (!is_watched(from) && !is_watched(to)) return syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
  pthread_mutex_lock(&lock);
  char both[8192];
  int length = snprintf(both, sizeof both, "%s%c%s", from, 0, to);
  int error = fault(0, 0, 0, NULL);
  if (!error && syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0) != 0) error = errno;
  note(RENAME, 0, 0, both, length, error);
  pthread_mutex_unlock(&lock);
  return error ? failed(error) : 0;
}

int unlink(const char *path) {
  if (!is_watched(path)) return syscall(SYS_unlinkat, AT_FDCWD, path, 0);
  pthread_mutex_lock(&lock);
  int error = fault(0, 0, 0, NULL);
  if (!error && syscall(SYS_unlinkat, AT_FDCWD, path, 0) != 0) error = errno;
  note(UNLINK, 0, 0, path, strlen(path), error);
  pthread_mutex_unlock(&lock);
  return error ? failed(error) : 0;
}

int mkdir(const char *path, mode_t mode) {
  if (!is_watched(path)) return syscall(SYS_mkdirat, AT_FDCWD, path, mode);
  pthread_mutex_lock(&lock);
  int error = fault(1, 0, 0, NULL);
  if (!error && syscall(SYS_mkdirat, AT_FDCWD, path, mode) != 0) error = errno;
  note(MKDIR, 0, 0, path, strlen(path), error);
  pthread_mutex_unlock(&lock);
  return error ? failed(error) : 0;
}
