/*
 * live.h - what only a running agent can tell, and what can be asked of it.
 *
 * The answers of answer.h come from the database plus this. Commands that run without
 * a daemon pass NULL. agent.c fills it; nothing here blocks or keeps a pointer.
 */
#ifndef CONTROL_LIVE_H
#define CONTROL_LIVE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "control/live_mirror.h"
#include "flow/handed.h"

struct live_transfer {
    const char *path;      /* of the file, or of the SBOM file being fetched */
    const char *direction; /* "up" or "down" */
    int64_t bytes_done;
    int64_t bytes_total; /* 0: unknown */
    int64_t rate;        /* bytes per second over the last seconds */
};

struct live_watch {
    const char *name;
    const char *path;
    const char *mode;     /* "events" or "poll" */
    int64_t directories;  /* watched */
    const char *degraded; /* why, or NULL */
};

struct live_token { /* NULL and 0: not known */
    const char *tenant;
    const char *email;
    const char *fingerprint;
    int64_t expires_ms;
};

struct live_export {
    const char *name;
    const char *schedule; /* as configured */
    const char *timezone;
    int64_t next_ms; /* when it starts, with this host's offset; 0: not planned */
};

/* What a person wants exported now. */
struct live_export_order {
    const char *job; /* NULL: every configured one; with tenant: none of them */
    bool tenant;     /* every firmware that the token sees, whatever is configured */
    bool marks_all;  /* also when more than a tenth vanished */
};

enum live_kick {
    LIVE_KICK_PAUSES, /* the pause rows changed; a resume probes the token at once */
    LIVE_KICK_RESCAN, /* scan every watch now */
    LIVE_KICK_ITEMS,  /* rows became due */
    LIVE_KICK_TOKEN,  /* read the token again */
    LIVE_KICK_SBOMS,  /* a document is to be put in its place */
};

struct live {
    void *owner;
    const char *api_url;               /* the platform that is asked */
    const char *(*state)(void *owner); /* "running", "paused", "auth_paused" */
    void (*each_transfer)(void *owner, void (*each)(void *to, const struct live_transfer *one),
                          void *to);
    void (*each_watch)(void *owner, void (*each)(void *to, const struct live_watch *one), void *to);
    /* Every watch of the ledger. */
    void (*each_mirror)(void *owner, void (*each)(void *to, const struct live_mirror *one),
                        void *to);
    void (*token)(void *owner, struct live_token *token);
    void (*kick)(void *owner, enum live_kick what);

    /* A command's file becomes a row, committed. The descriptors stay the caller's. */
    bool (*hand_over)(void *owner, const struct handed_file *file, int64_t *item_id,
                      struct err *err);

    /* The configured exports, in their order. */
    void (*each_export)(void *owner, void (*each)(void *to, const struct live_export *one),
                        void *to);

    /* Begins runs, kept with this turn; those that run already go on. ERR_INPUT: no such job. */
    bool (*export_now)(void *owner, const struct live_export_order *order, struct err *err);

    /* Why nothing is requested now: the kind gives the exit code. ERR_OK: it is. */
    struct err (*closed)(void *owner);

    /* True while a job holds the row in memory: steering leaves it alone. NULL: never. */
    bool (*is_busy)(void *owner, int64_t item_id);
};

#endif
