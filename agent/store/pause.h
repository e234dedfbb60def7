/*
 * pause.h - tables pause and blocked_group: why nothing is sent.
 *
 * An operator's pause and the token's are two rows: lifting one leaves the other.
 */
#ifndef STORE_PAUSE_H
#define STORE_PAUSE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "store/db.h"

enum pause_kind { PAUSE_OPERATOR, PAUSE_AUTH };
#define PAUSE_KIND_COUNT (PAUSE_AUTH + 1)

struct pause {
    bool is_set;
    int64_t since;
    char by_whom[64];
    char reason[512];
};

const char *pause_kind_name(enum pause_kind kind);

bool pause_load(struct db *db, struct pause pauses[PAUSE_KIND_COUNT], struct err *err);

/* Setting one that is set keeps its `since`. */
bool pause_set(struct db *db, enum pause_kind kind, const struct pause *pause, struct err *err);
bool pause_clear(struct db *db, enum pause_kind kind, struct err *err);

/* A product group for which the token lacks a right; told what is held there already. */
bool group_held(struct db *db, const char *product_group, int64_t *items, struct err *err);
bool group_block(struct db *db, const char *product_group, const char *reason, int64_t since,
                 struct err *err);
bool group_unblock_all(struct db *db, struct err *err);

/* Every group that is blocked, the longest first. */
bool group_each(struct db *db,
                void (*each)(void *owner, const char *product_group, const char *reason,
                             int64_t since),
                void *owner, struct err *err);

#endif
