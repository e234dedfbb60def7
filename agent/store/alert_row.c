#include "store/alert_row.h"

#include <stdio.h>
#include <stdlib.h>

static bool is_told(struct db *db, const struct alert_row *alert, bool *told, struct err *err)
{
    struct row *row = db_query(db, QUERY_ALERT_STATE);
    bool found;

    row_bind_text(row, alert->event);
    row_bind_text(row, alert->subject);
    if (!row_next(row, &found, err))
        return false;
    *told = found && row_is_null(row, 2);
    row_done(row);
    return true;
}

bool alert_row_raise(struct db *db, const struct alert_row *alert, bool *raised, struct err *err)
{
    bool told;

    if (!is_told(db, alert, &told, err))
        return false;
    *raised = !told;
    if (told)
        return true;
    struct row *row = db_query(db, QUERY_ALERT_RAISE);
    row_bind_text(row, alert->event);
    row_bind_text(row, alert->subject);
    row_bind_text(row, alert->severity);
    row_bind_text(row, alert->text);
    row_bind_text(row, alert->action);
    row_bind_int(row, alert->since);
    return row_exec_one(row, err);
}

bool alert_row_clear(struct db *db, const char *event, const char *subject, int64_t now_ms,
                     bool *cleared, struct err *err)
{
    struct row *row = db_query(db, QUERY_ALERT_CLEAR);

    row_bind_text(row, event);
    row_bind_text(row, subject);
    row_bind_int(row, now_ms);
    if (!row_exec(row, err))
        return false;
    *cleared = row_changed(db) > 0;
    return true;
}

static void read_alert(struct row *row, struct alert_row *alert)
{
    snprintf(alert->event, sizeof alert->event, "%s", row_text(row, 0));
    snprintf(alert->subject, sizeof alert->subject, "%s", row_text(row, 1));
    snprintf(alert->severity, sizeof alert->severity, "%s", row_text(row, 2));
    snprintf(alert->text, sizeof alert->text, "%s", row_text(row, 3));
    snprintf(alert->action, sizeof alert->action, "%s", row_text(row, 4));
    alert->since = row_int(row, 5);
}

bool alert_row_remind(struct db *db, int64_t told_before, int64_t now_ms, struct alert_row *alert,
                      bool *found, struct err *err)
{
    struct row *row = db_query(db, QUERY_ALERT_TO_REMIND);

    row_bind_int(row, told_before);
    if (!row_next(row, found, err))
        return false;
    if (!*found)
        return true;
    read_alert(row, alert);
    row_done(row);
    row = db_query(db, QUERY_ALERT_TOLD);
    row_bind_text(row, alert->event);
    row_bind_text(row, alert->subject);
    row_bind_int(row, now_ms);
    return row_exec_one(row, err);
}

bool alert_row_each_open(struct db *db, void (*each)(void *owner, const struct alert_row *alert),
                         void *owner, struct err *err)
{
    struct row *row = db_query(db, QUERY_ALERT_OPEN);
    struct alert_row alert;
    bool found;

    while (row_next(row, &found, err)) {
        if (!found)
            return true;
        read_alert(row, &alert);
        each(owner, &alert);
    }
    return false;
}

bool delivery_add(struct db *db, const char *target, const char *event, const char *payload,
                  int64_t now_ms, struct err *err)
{
    struct row *row = db_query(db, QUERY_DELIVERY_ADD);

    row_bind_text(row, target);
    row_bind_text(row, event);
    row_bind_text(row, payload);
    row_bind_int(row, now_ms);
    return row_exec_one(row, err);
}

bool delivery_due(struct db *db, int64_t now_ms, struct delivery_row *delivery, bool *found,
                  struct err *err)
{
    struct row *row = db_query(db, QUERY_DELIVERY_DUE);

    row_bind_int(row, now_ms);
    if (!row_next(row, found, err))
        return false;
    if (!*found)
        return true;
    delivery->id = row_int(row, 0);
    snprintf(delivery->target, sizeof delivery->target, "%s", row_text(row, 1));
    snprintf(delivery->event, sizeof delivery->event, "%s", row_text(row, 2));
    delivery->payload = row_text_new(row, 3);
    delivery->created_at = row_int(row, 4);
    delivery->attempts = row_int(row, 5);
    row_done(row);
    return true;
}

bool delivery_retry(struct db *db, int64_t id, int64_t due_at, const char *error, struct err *err)
{
    struct row *row = db_query(db, QUERY_DELIVERY_RETRY);

    row_bind_int(row, id);
    row_bind_int(row, due_at);
    row_bind_text(row, error);
    return row_exec_one(row, err);
}

bool delivery_remove(struct db *db, int64_t id, struct err *err)
{
    struct row *row = db_query(db, QUERY_DELIVERY_REMOVE);

    row_bind_int(row, id);
    return row_exec_one(row, err);
}

bool delivery_next(struct db *db, int64_t *due_at, struct err *err)
{
    struct row *row = db_query(db, QUERY_DELIVERY_NEXT);
    bool found;

    *due_at = INT64_MAX;
    if (!row_next(row, &found, err))
        return false;
    if (found && !row_is_null(row, 0))
        *due_at = row_int(row, 0);
    row_done(row);
    return true;
}

void delivery_release(struct delivery_row *delivery)
{
    free(delivery->payload);
    *delivery = (struct delivery_row){0};
}
