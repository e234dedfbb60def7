/*
 * platform.h - questions to the platform, from a command without a loop of its own.
 *
 * Blocking. What may be better the next time (network, 5xx, throttled, an answer that is
 * not understood) is asked for three times in all, seconds apart; what may change something
 * there is sent once.
 */
#ifndef CLI_PLATFORM_H
#define CLI_PLATFORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "base/err.h"
#include "base/secret.h"
#include "cli/session.h"
#include "config/config.h"
#include "onekey/identity.h"

enum {
    PLATFORM_ATTEMPTS = 3,
    PLATFORM_WAIT_LONGEST_MS = 30 * 1000,
    PLATFORM_LAST_MS = 10 * 1000,
};

struct platform;

/* token (NULL: none) and config are borrowed for its life. NULL: ERR_CONFIG. */
struct platform *platform_new(const struct config *config, const struct secret *token,
                              const char *(*environment)(const char *name), struct err *err);

/*
 * The one that this session's configuration and token mean; loads and reads both. Where
 * api.tenant is set, and only there, it is asked first whose token that is (ERR_TENANT). A
 * refused token is then told with where it came from.
 */
struct platform *platform_open(struct session *session, struct err *err);

/*
 * For a command that must end in time: its platform_ask(), and the question whose token it is,
 * are over PLATFORM_LAST_MS after deadline_ms (clock_steady_ms(); 0: none) at the latest.
 */
struct platform *platform_open_until(struct session *session, int64_t deadline_ms, struct err *err);
void platform_free(struct platform *platform); /* NULL is fine */

/* Reads a complete 2xx answer, gone when it returns; its errors may be asked for again. */
typedef bool platform_reply_fn(void *owner, const char *bytes, size_t size, struct err *err);

struct platform_question {
    const char *body;  /* a GraphQL request */
    size_t max_answer; /* bytes, in memory */
    bool once;         /* it may change something: an end in doubt is told, not repeated */
};

bool platform_ask_for(struct platform *platform, const struct platform_question *question,
                      platform_reply_fn *reply, void *owner, struct err *err);

/* For a caller that knows better when to ask again. */
struct platform_try {
    int64_t deadline_ms;    /* clock_steady_ms(): cut off then, as ERR_NETWORK; 0: never */
    int64_t retry_after_ms; /* what the answer asked for; -1: nothing */
};

/*
 * Asks once, *try says how. A 2xx answer that is longer than max_answer is ERR_MALFORMED here:
 * it will not be shorter the next time.
 */
bool platform_ask_once(struct platform *platform, const struct platform_question *question,
                       struct platform_try *try, platform_reply_fn *reply, void *owner,
                       struct err *err);

/* Waits with the loop running, so that connections which end meanwhile are not asked again. */
void platform_wait(struct platform *platform, int64_t ms);

/*
 * The source of a session's token is read again, after a refusal in *err. True: another token
 * was there, it is of the right tenant, and it is used from now on. Else *err says why not.
 */
bool platform_renew_token(struct platform *platform, struct session *session, struct err *err);

/* POSTs a GraphQL request that only reads: it may be sent more than once. */
bool platform_ask(struct platform *platform, const char *request, platform_reply_fn *reply,
                  void *owner, struct err *err);

/*
 * Whose token it is; release *identity. ERR_TENANT where the configuration's guard names
 * another tenant: *identity is filled all the same.
 */
bool platform_identity(struct platform *platform, struct identity *identity, struct err *err);

/* How one try to download something ended. */
struct platform_end {
    long status;  /* 0: no answer was seen */
    int64_t size; /* of what is in the file, when the try went well */
};

/*
 * After each try, *err (ERR_OK: a whole 2xx answer is in the file) may be made another one:
 * of its kind it depends whether the next try follows. The loop may be run in here.
 */
typedef void platform_judge_fn(void *owner, const struct platform_end *end, struct err *err);

struct platform_download {
    const char *path; /* below api.url */
    const char *body; /* a GraphQL request that only reads; NULL: GET */
    int fd;           /* written from offset 0, emptied before each try */
    int64_t max_size;
    platform_judge_fn *judge;
    void *owner;
};

bool platform_fetch(struct platform *platform, const struct platform_download *download,
                    struct err *err);

/* A file without a name for what is too large for memory, gone when closed; -1: ERR_IO. */
int platform_scratch(const struct platform *platform, struct err *err);

/* For what else runs on the platform's loop: until its end sets *is_over. */
uv_loop_t *platform_loop(struct platform *platform);
void platform_run_until(struct platform *platform, const bool *is_over);

/* Makes an ERR_AUTH say whose refusal it was and what to do; leaves the others alone. */
void platform_explain_refusal(const struct secret *token, const char *origin, struct err *err);

/* Pure: how long to wait before attempt (1, 2, ...), or -1: do not ask again. */
int64_t platform_wait_ms(const struct err *err, int attempt, int64_t retry_after_ms);

static inline void auto_platform_fn(struct platform **platform)
{
    platform_free(*platform);
}

#define auto_platform __attribute__((cleanup(auto_platform_fn)))

#endif
