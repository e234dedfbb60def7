#include "base/err.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    enum err_action action;
    int exit_code;
} kinds[] = {
#define X(kind, name_, action_, exit_code_) [ERR_##kind] = {name_, ACTION_##action_, exit_code_},
    ERR_KINDS(X)
#undef X
};

void err_record(struct err *err, enum err_kind kind, const char *format, ...)
{
    va_list args;

    err->kind = kind;
    va_start(args, format);
    vsnprintf(err->message, sizeof err->message, format, args);
    va_end(args);
}

static void append(struct err *err, const char *cause)
{
    size_t used = strlen(err->message);
    size_t room = sizeof err->message - used;

    if ((size_t)snprintf(err->message + used, room, ": %s", cause) >= room)
        memcpy(err->message + sizeof err->message - 4, "...", 4);
}

void err_record_sys(struct err *err, int number, const char *format, ...)
{
    const char *meaning = strerrordesc_np(number);
    va_list args;

    err->kind = number == ENOSPC || number == EDQUOT ? ERR_DISK_FULL : ERR_IO;
    va_start(args, format);
    vsnprintf(err->message, sizeof err->message, format, args);
    va_end(args);
    append(err, meaning ? meaning : "unknown error");
}

void err_prefix(struct err *err, const char *format, ...)
{
    char cause[sizeof err->message];
    va_list args;

    memcpy(cause, err->message, sizeof cause);
    va_start(args, format);
    vsnprintf(err->message, sizeof err->message, format, args);
    va_end(args);
    append(err, cause);
}

const char *err_kind_name(enum err_kind kind)
{
    assert(kind < ERR_KIND_COUNT);
    return kinds[kind].name;
}

enum err_action err_kind_action(enum err_kind kind)
{
    assert(kind < ERR_KIND_COUNT);
    return kinds[kind].action;
}

int err_kind_exit(enum err_kind kind)
{
    assert(kind < ERR_KIND_COUNT);
    return kinds[kind].exit_code;
}

enum err_kind err_kind_of_exit(int exit_code)
{
    for (size_t i = 0; exit_code != 0 && i < ERR_KIND_COUNT; i++) {
        if (err_kind_exit((enum err_kind)i) == exit_code)
            return (enum err_kind)i;
    }
    return exit_code == 0 ? ERR_OK : ERR_INTERNAL;
}

enum err_kind err_kind_of_name(const char *name)
{
    for (size_t kind = 0; kind < ERR_KIND_COUNT; kind++) {
        if (strcmp(kinds[kind].name, name) == 0)
            return (enum err_kind)kind;
    }
    return ERR_INTERNAL;
}
