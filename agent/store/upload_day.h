/*
 * upload_day.h - table upload_day: how many bytes of images one day's uploads were.
 *
 * A trigger adds an image's size in the transaction in which its row becomes `uploading`; here
 * only the day is begun. Days are numbered from 1970-01-01, in whichever zone the caller counts.
 */
#ifndef STORE_UPLOAD_DAY_H
#define STORE_UPLOAD_DAY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "store/db.h"

struct upload_day {
    int64_t day; /* 0: none was begun yet */
    int64_t bytes;
};

bool upload_day_load(struct db *db, struct upload_day *day, struct err *err);
bool upload_day_save(struct db *db, const struct upload_day *day, struct err *err);

#endif
