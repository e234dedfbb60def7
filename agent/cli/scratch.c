/*
 * scratch.c - /var/tmp goes before /tmp, which often is memory: an inventory or an SBOM may
 * have hundreds of megabytes.
 */
#include "cli/scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/mem.h"

/* Some file systems of containers know no nameless files: there the name goes at once. */
static int open_in(const char *folder)
{
    int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

    if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR))
        return fd;
    auto_free char *path = xasprintf("%s/onekey-agent.XXXXXX", folder);
    fd = mkostemp(path, O_CLOEXEC);
    if (fd >= 0)
        unlink(path);
    return fd;
}

int scratch_open(const char *(*environment)(const char *name), struct err *err)
{
    const char *chosen = environment ? environment("TMPDIR") : NULL;
    const char *const folders[] = {chosen && *chosen ? chosen : "/var/tmp", "/var/tmp", "/tmp"};

    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        int fd = open_in(folders[i]);

        if (fd >= 0)
            return fd;
    }
    err_sys(err, errno, "make a temporary file in $TMPDIR, /var/tmp or /tmp");
    return -1;
}
