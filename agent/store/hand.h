/*
 * hand.h - what a command works on by itself, in a ledger that many commands share.
 *
 * A command such as upload-firmware holds the ledger for one transaction at a time, never
 * over a transfer. Between them its item is "in hand": the row carries its process and boot
 * ID, and the process holds a lock on the row's byte of the file "hands". That lock, not the
 * PID, says whether the holder lives: it ends with the process however that ends, and means
 * the same to another container. The agent leaves rows in hand alone.
 *
 *     hand_claim    no other knows the bytes: the item is mine to send
 *     hand_save     before each effect; the last one lets go of it
 *     hand_recover  what dead commands left: an upload is unconfirmed, unsent ones are gone
 *
 * Rows of commands have watch "": no folder stands behind them.
 */
#ifndef STORE_HAND_H
#define STORE_HAND_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "store/db.h"
#include "store/item.h"

enum { HAND_BOOT_SIZE = 64 };

struct hand {
    int fd;       /* of the file "hands"; one per process: closing it lets go of all locks */
    int64_t held; /* the row whose byte this process has locked; 0: none */
    int64_t pid;  /* for people, and for an agent that is told of a row: another may have it too */
    char boot[HAND_BOOT_SIZE];
};

/* Opens "<state_dir>/hands"; ERR_IO. Zero the struct or set fd to -1 before hand_close(). */
bool hand_open(const char *state_dir, struct hand *hand, struct err *err);
void hand_close(struct hand *hand);

enum hand_claimed {
    HAND_MINE,  /* mine is a row of the ledger now, pending, or unconfirmed as it was left */
    HAND_KNOWN, /* other has the firmware ID of these bytes; the path is kept as its alias */
    HAND_OTHER, /* other is in another process's hands: ask again later */
};

struct hand_claim {
    bool force;        /* sent even when the bytes are known */
    struct item *mine; /* size, sha256, path and metadata are filled, id is 0 */
    struct item other; /* found; released by the caller */
    enum hand_claimed claimed;
};

/* Nothing is committed. */
bool hand_claim(struct db *db, struct hand *hand, struct hand_claim *claim, struct err *err);

/* What was claimed is rolled back: the row that is locked was never there. */
void hand_let_go(struct hand *hand);

enum hand_saved {
    HAND_SAVED,
    HAND_LOST,  /* somebody decided about the row meanwhile: it is no longer mine */
    HAND_RIVAL, /* its firmware may be another row's: nothing was saved */
    HAND_ALIAS, /* the platform gave it another row's firmware ID: it is its alias now */
};

/* Writes mine's progress to its row; over: and lets go of it. Nothing is committed. */
bool hand_save(struct db *db, struct hand *hand, const struct item *mine, bool over,
               enum hand_saved *saved, struct err *err);

/* For who opens the ledger: rows whose holders died. *count (may be NULL): how many. */
bool hand_recover(struct db *db, const struct hand *hand, int64_t now_ms, int64_t *count,
                  struct err *err);

#endif
