/*
 * item.h - table item: one row per content found at a path, from sight to SBOM.
 *
 * A struct item is a row in memory: its texts are owned and freed by item_release().
 * State changes go through flow/'s item_move(); this file only keeps what it is given.
 *
 *   found -> settling -> hashing -> pending -> registering -> uploading
 *         -> analysing -> fetching -> done
 *   duplicate (of another item) | unconfirmed | held | failed | ignored | gone
 */
#ifndef STORE_ITEM_H
#define STORE_ITEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "store/db.h"
#include "store/item_fields.h"

/* X(state, its name in the database, in JSON and for people) */
#define ITEM_STATES(X)                                                                             \
    X(FOUND, "found")                                                                              \
    X(SETTLING, "settling")                                                                        \
    X(HASHING, "hashing")                                                                          \
    X(PENDING, "pending")                                                                          \
    X(REGISTERING, "registering")                                                                  \
    X(UPLOADING, "uploading")                                                                      \
    X(ANALYSING, "analysing")                                                                      \
    X(FETCHING, "fetching")                                                                        \
    X(DONE, "done")                                                                                \
    X(DUPLICATE, "duplicate")                                                                      \
    X(UNCONFIRMED, "unconfirmed")                                                                  \
    X(HELD, "held")                                                                                \
    X(FAILED, "failed")                                                                            \
    X(IGNORED, "ignored")                                                                          \
    X(GONE, "gone")

enum item_state {
#define X(state, name) ITEM_##state,
    ITEM_STATES(X)
#undef X
};

#define ITEM_STATE_COUNT (ITEM_GONE + 1)

/* item.misses of an unconfirmed one: looking alone does not decide it. */
enum { ITEM_NEEDS_PERSON = -1 };

struct item {
    int64_t id; /* 0: not in the database yet */
    enum item_state state;
#define TEXT(name) char *name;
#define INT(name)  int64_t name;
    ITEM_FIELDS(TEXT, INT, INT, INT)
#undef TEXT
#undef INT
};

const char *item_state_name(enum item_state state);
bool item_state_of_name(const char *name, enum item_state *state);

void item_release(struct item *item);
#define auto_item __attribute__((cleanup(item_release)))

/* A row of its own: *to is zero before and released by the caller. */
void item_copy(const struct item *from, struct item *to);
bool item_equal(const struct item *one, const struct item *other);

/* Inserts when id is 0 (and sets it), else updates the row. */
bool item_save(struct db *db, struct item *item, struct err *err);

/* The next row of a query for id, state and all fields; store/ only. */
bool item_read_one(struct row *row, struct item *item, bool *found, struct err *err);

/* These fill *item, which must be released or zero; *found says whether there is one. */
bool item_by_id(struct db *db, int64_t id, struct item *item, bool *found, struct err *err);

/* The newest row of that path; watch NULL: of any watch. */
bool item_by_path(struct db *db, const char *watch, const char *path, struct item *item,
                  bool *found, struct err *err);

bool item_by_firmware(struct db *db, const char *firmware_id, struct item *item, bool *found,
                      struct err *err);

/* The item that stands for this content: one with a firmware ID, else one on its way. */
bool item_by_content(struct db *db, const struct item *like, bool same_version, struct item *item,
                     bool *found, struct err *err);

/* What a command began to send from that path and may have sent; for one that sends anyway. */
bool item_open_upload(struct db *db, const struct item *like, struct item *item, bool *found,
                      struct err *err);

/* The digest of an inode that was hashed before and has not changed since; NULL if none. */
bool item_known_digest(struct db *db, const struct item *like, char **sha256, struct err *err);

struct item_facts { /* what a rescan compares; no allocation per known file */
    int64_t id;
    enum item_state state;
    int64_t size;
    int64_t mtime_ns;
    int64_t device;
    int64_t inode;
};

bool item_facts_by_path(struct db *db, const char *watch, const char *path,
                        struct item_facts *facts, bool *found, struct err *err);

/* Nobody looks at unsent rows of other watches than these (a JSON array of names): gone. */
bool item_drop_strays(struct db *db, const char *watches_json, struct err *err);

/* The path has new content: this row is no longer its newest. */
bool item_supersede(struct db *db, int64_t id, struct err *err);

struct item_filter { /* NULL and 0 do not filter */
    const char *state;
    const char *watch;
    const char *product;
    int64_t since_ms;
    int64_t after_id; /* a page begins behind this */
    bool duplicates;  /* list them as rows too */
};

/* One page, ordered by id. The caller's array; *count rows are filled and must be released. */
bool item_page(struct db *db, const struct item_filter *filter, struct item *items, size_t max,
               size_t *count, struct err *err);

/* Calls each() with the path of every alias. */
bool item_aliases(struct db *db, int64_t id, void (*each)(void *owner, const char *path),
                  void *owner, struct err *err);

/* The aliases of an item whose content turned out to be no longer there start over. */
bool item_free_aliases(struct db *db, int64_t id, int64_t now_ms, struct err *err);

/* The same for those whose digest is not sha256 (NULL: all). */
bool item_free_stale_aliases(struct db *db, int64_t id, const char *sha256, struct err *err);

/* At a start: what was in flight when the last process ended, by SPEC 5's rules. */
bool item_recover(struct db *db, int64_t now_ms, int64_t *uncertain, struct err *err);

/*
 * Held items go on where they stopped: those with a firmware ID are asked for again, the
 * others are pending. For a token with other rights.
 */
bool item_release_held(struct db *db, int64_t now_ms, int64_t *released, struct err *err);

#endif
