/*
 * calendar_parts.h - a schedule as calendar_parse.c leaves it and calendar.c reads it.
 *
 * Private to calendar*.c. Each field is a set: bit n stands for the value n.
 */
#ifndef BASE_CALENDAR_PARTS_H
#define BASE_CALENDAR_PARTS_H

#include <stdint.h>

#include "base/err.h"

enum calendar_field {
    FIELD_MINUTE,
    FIELD_HOUR,
    FIELD_DAY,
    FIELD_MONTH,
    FIELD_WEEKDAY, /* 0: Sunday; 7 has become 0 */
    FIELD_COUNT,
};

struct calendar {
    int64_t every_s; /* 0: the sets hold */
    uint64_t sets[FIELD_COUNT];
    bool either_day; /* day or weekday suffices, since both are restricted */
};

bool calendar_parse(const char *text, struct calendar *calendar, struct err *err);

#endif
