/*
 * err.h - what went wrong, in a form the caller can act on.
 *
 * A fallible function returns false and fills the struct err its caller passed
 * last; on success it leaves it untouched. The kind says what happens next (and
 * the exit code of a one-shot command); the message says what happened, from the
 * outermost intent to the innermost cause ("register fw.bin: connect: ...").
 * Messages never carry a token, a header or a body.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <stdbool.h>

/* What the agent does next with the piece of work that failed. */
enum err_action {
    ACTION_NONE,    /* nothing: it did not fail, or somebody wanted it to end */
    ACTION_RETRY,   /* again later with backoff; the attempt counts */
    ACTION_DOUBT,   /* ask the platform's cheapest question first: whose trouble is it? */
    ACTION_PARK,    /* all server work waits until a token works */
    ACTION_HOLD,    /* this one waits for a right that the token lacks */
    ACTION_RECHECK, /* the request may have been executed: look before anything is sent again */
    ACTION_SETTLE,  /* the file changed: it starts over */
    ACTION_VANISH,  /* the file is gone */
    ACTION_GIVE_UP, /* this one will never succeed as it is */
    ACTION_WAIT,    /* local trouble (disk): again later, nothing counted */
    ACTION_STOP,    /* the program cannot go on */
};

/* X(kind, name in logs and in the database, action, exit code of a one-shot command) */
#define ERR_KINDS(X)                                                                               \
    X(OK, "ok", NONE, 0)                                                                           \
    X(CANCELLED, "cancelled", NONE, 0)                                                             \
    X(GATE, "gate", NONE, 1)                                                                       \
    X(ANALYSIS, "analysis", GIVE_UP, 2)                                                            \
    X(PARTIAL, "partial", NONE, 3)                                                                 \
    X(DEADLINE, "deadline", NONE, 5)                                                               \
    X(USAGE, "usage", STOP, 64)                                                                    \
    X(DATA, "data", GIVE_UP, 65)                                                                   \
    X(REJECTED, "rejected", GIVE_UP, 65)                                                           \
    X(INPUT, "input", GIVE_UP, 66)                                                                 \
    X(CHANGED, "changed", SETTLE, 66)                                                              \
    X(GONE, "gone", VANISH, 66)                                                                    \
    X(NETWORK, "network", DOUBT, 69)                                                               \
    X(SERVER, "server", DOUBT, 69)                                                                 \
    X(UNSURE, "unsure", RECHECK, 69)                                                               \
    X(NOT_YET, "not_yet", RETRY, 69)                                                               \
    X(INTERNAL, "internal", STOP, 70)                                                              \
    X(IO, "io", WAIT, 74)                                                                          \
    X(STORE, "store", WAIT, 74)                                                                    \
    X(DISK_FULL, "disk_full", WAIT, 74)                                                            \
    X(BUSY, "busy", STOP, 75)                                                                      \
    X(PAUSED, "paused", STOP, 75)                                                                  \
    X(THROTTLED, "throttled", DOUBT, 75)                                                           \
    X(PROTOCOL, "protocol", DOUBT, 76)                                                             \
    X(MALFORMED, "malformed", GIVE_UP, 76)                                                         \
    X(STRANGE, "strange", RECHECK, 76)                                                             \
    X(AUTH, "auth", PARK, 77)                                                                      \
    X(RIGHTS, "rights", HOLD, 77)                                                                  \
    X(TENANT, "tenant", PARK, 78)                                                                  \
    X(CONFIG, "config", STOP, 78)

enum err_kind {
#define X(kind, name, action, exit_code) ERR_##kind,
    ERR_KINDS(X)
#undef X
};

#define ERR_KIND_COUNT (ERR_CONFIG + 1) /* CONFIG is the last one */

struct err {
    enum err_kind kind;
    char message[512];
};

/*
 * err_set() replaces *err; err_sys() does so with ERR_IO (ERR_DISK_FULL for
 * ENOSPC and EDQUOT) and appends what the errno value means; err_wrap() puts
 * "<context>: " before the message and keeps the kind. All are false, so that
 * failing is one return statement; the constant is visible to the compiler and
 * to clang's analyzer.
 */
#define err_set(err, ...)  (err_record((err), __VA_ARGS__), err_false())
#define err_sys(err, ...)  (err_record_sys((err), __VA_ARGS__), err_false())
#define err_wrap(err, ...) (err_prefix((err), __VA_ARGS__), err_false())

static inline bool err_false(void)
{
    return false;
}

void err_record(struct err *err, enum err_kind kind, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void err_record_sys(struct err *err, int number, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void err_prefix(struct err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

const char *err_kind_name(enum err_kind kind);
enum err_action err_kind_action(enum err_kind kind);
int err_kind_exit(enum err_kind kind);

/* A kind with that exit code, for what another process says; ERR_INTERNAL for a strange one. */
enum err_kind err_kind_of_exit(int exit_code);

/* The kind of that name; ERR_INTERNAL for a name of another version. */
enum err_kind err_kind_of_name(const char *name);

#endif
