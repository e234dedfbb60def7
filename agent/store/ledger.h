/*
 * ledger.h - the state directory: its lock and its database.
 *
 * One process at a time holds it. A state directory on a network file system is
 * refused (ERR_CONFIG): neither its locks nor a write-ahead log can be trusted there.
 */
#ifndef STORE_LEDGER_H
#define STORE_LEDGER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "store/db.h"

struct ledger;

/*
 * Makes the directory (0700) when it is missing, takes its lock, opens and migrates
 * the database. When another process holds the lock it is tried again for wait_ms
 * (blocking; before a loop runs), then ERR_BUSY names that process.
 */
struct ledger *ledger_open(const char *state_dir, int64_t wait_ms, struct err *err);

/* The same for a transaction or two of a command: the whole file is not looked through. */
struct ledger *ledger_open_brief(const char *state_dir, int64_t wait_ms, struct err *err);

/*
 * A private empty one, in memory: for a dry run where there is no ledger yet,
 * and for a command that keeps its own work there.
 */
struct ledger *ledger_open_scratch(struct err *err);
void ledger_close(struct ledger *ledger); /* NULL is fine */

struct db *ledger_db(struct ledger *ledger);
int ledger_dir_fd(const struct ledger *ledger);

/* Makes the directory, and refuses one on a network file system, without opening a database. */
bool ledger_make(const char *state_dir, struct err *err);

/* The process that holds it, or held it last; 0: nobody is known. */
int64_t ledger_holder(const char *state_dir);

/* True when a database is there at all: reading commands make none. */
bool ledger_exists(const char *state_dir);

#endif
