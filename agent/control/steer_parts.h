/*
 * steer_parts.h - what steer.c and steer_pause.c share; nobody else's.
 */
#ifndef CONTROL_STEER_PARTS_H
#define CONTROL_STEER_PARTS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "control/steer.h"

/* A transaction of our own: what others wrote in this turn is committed before it. */
bool steer_begin(struct db *db, struct err *err);

/* Commits when ok, else takes our part back. False when not committed. */
bool steer_finish(struct db *db, bool ok, struct err *err);

/* One printable line of fewer than room bytes; what names it in the message. ERR_USAGE. */
bool steer_check_text(const char *text, const char *what, size_t room, struct err *err);

#endif
