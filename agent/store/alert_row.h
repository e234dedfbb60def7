/*
 * alert_row.h - tables alert and delivery: conditions that were told, and telling them.
 *
 * A condition (event + subject) is raised once, reminded of while it lasts, and
 * cleared. Each telling is a delivery per target that stays until the target took it,
 * so an alert survives a restart.
 */
#ifndef STORE_ALERT_ROW_H
#define STORE_ALERT_ROW_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "store/db.h"

struct alert_row {
    char event[32];
    char subject[256]; /* what it is about: a path, a group; "" for the whole agent */
    char severity[16];
    char text[768];
    char action[512];
    int64_t since;
};

/* *raised is false when the condition was told already and still lasts. */
bool alert_row_raise(struct db *db, const struct alert_row *alert, bool *raised, struct err *err);
/* subject "*": whatever it is about. */
bool alert_row_clear(struct db *db, const char *event, const char *subject, int64_t now_ms,
                     bool *cleared, struct err *err);

/* One condition that lasts and was last told before then; marks it told at now_ms. */
bool alert_row_remind(struct db *db, int64_t told_before, int64_t now_ms, struct alert_row *alert,
                      bool *found, struct err *err);

/* Every condition that lasts. */
bool alert_row_each_open(struct db *db, void (*each)(void *owner, const struct alert_row *alert),
                         void *owner, struct err *err);

struct delivery_row {
    int64_t id;
    char target[96];
    char event[32];
    char *payload; /* owned */
    int64_t created_at;
    int64_t attempts;
};

bool delivery_add(struct db *db, const char *target, const char *event, const char *payload,
                  int64_t now_ms, struct err *err);
bool delivery_due(struct db *db, int64_t now_ms, struct delivery_row *delivery, bool *found,
                  struct err *err);
bool delivery_retry(struct db *db, int64_t id, int64_t due_at, const char *error, struct err *err);
bool delivery_remove(struct db *db, int64_t id, struct err *err);
bool delivery_next(struct db *db, int64_t *due_at, struct err *err); /* INT64_MAX: none */
void delivery_release(struct delivery_row *delivery);

#endif
