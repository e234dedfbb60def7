/* scratch.h - a place for answers that are too large for memory. */
#ifndef CLI_SCRATCH_H
#define CLI_SCRATCH_H

#include "base/err.h"

/*
 * A file without a name, in $TMPDIR, else /var/tmp, else /tmp, gone when it is closed. -1:
 * none of them takes one; ERR_IO or ERR_DISK_FULL says what the last one answered.
 */
int scratch_open(const char *(*environment)(const char *name), struct err *err);

#endif
