#include "store/fact.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/auto.h"

bool fact_get(struct db *db, const char *name, char **value, struct err *err)
{
    struct row *row = db_query(db, QUERY_FACT_GET);
    bool found;

    *value = NULL;
    row_bind_text(row, name);
    if (!row_next(row, &found, err))
        return false;
    if (found) {
        *value = row_text_new(row, 0);
        row_done(row);
    }
    return true;
}

bool fact_set(struct db *db, const char *name, const char *value, struct err *err)
{
    struct row *row = db_query(db, value ? QUERY_FACT_SET : QUERY_FACT_CLEAR);

    row_bind_text(row, name);
    if (value)
        row_bind_text(row, value);
    return row_exec(row, err);
}

bool fact_get_int(struct db *db, const char *name, int64_t *value, struct err *err)
{
    auto_free char *text = NULL;

    if (!fact_get(db, name, &text, err))
        return false;
    *value = text ? strtoll(text, NULL, 10) : 0;
    return true;
}

bool fact_set_int(struct db *db, const char *name, int64_t value, struct err *err)
{
    char text[32];

    snprintf(text, sizeof text, "%jd", (intmax_t)value);
    return fact_set(db, name, text, err);
}
