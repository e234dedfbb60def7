#include "base/buf.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/mem.h"

enum { FIRST_ROOM = 240 };

static void make_room(struct buf *buf, size_t wanted)
{
    size_t room = buf->room ? buf->room : FIRST_ROOM;

    if (wanted <= buf->room && buf->bytes)
        return;
    while (room < wanted)
        room *= 2;
    buf->bytes = xrealloc(buf->bytes, room + 1);
    buf->room = room;
}

bool buf_add(struct buf *buf, const void *bytes, size_t size, struct err *err)
{
    assert(buf->size <= buf->max);
    if (size > buf->max - buf->size)
        return err_set(err, ERR_PROTOCOL, "over %zu bytes", buf->max);
    make_room(buf, buf->size + size);
    if (size > 0)
        memcpy(buf->bytes + buf->size, bytes, size);
    buf->size += size;
    buf->bytes[buf->size] = '\0';
    return true;
}

bool buf_add_text(struct buf *buf, const char *text, struct err *err)
{
    return buf_add(buf, text, strlen(text), err);
}

void buf_print(struct buf *buf, const char *format, ...)
{
    auto_free char *text = NULL;
    struct err err;
    va_list args;

    va_start(args, format);
    int size = vasprintf(&text, format, args);
    va_end(args);
    if (size < 0)
        abort();
    bool fits = buf_add(buf, text, (size_t)size, &err);
    assert(fits);
    (void)fits;
}

bool buf_read_fd(struct buf *buf, int fd, struct err *err)
{
    char chunk[16384];
    ssize_t got;

    while ((got = read(fd, chunk, sizeof chunk)) != 0) {
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return err_sys(err, errno, "after %zu bytes", buf->size);
        if (!buf_add(buf, chunk, (size_t)got, err))
            return false;
    }
    return true;
}

void buf_clear(struct buf *buf)
{
    buf->size = 0;
    if (buf->bytes)
        buf->bytes[0] = '\0';
}

void buf_release(struct buf *buf)
{
    free(buf->bytes);
    *buf = (struct buf){.max = buf->max};
}
