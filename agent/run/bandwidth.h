/*
 * bandwidth.h - which upload rate a timetable (transfers.bandwidth as a list) has now.
 *
 * Pure: the clock is an argument. The local minute of the day decides, so an hour that comes
 * twice has its window twice, and one that is left out has none.
 */
#ifndef RUN_BANDWIDTH_H
#define RUN_BANDWIDTH_H

#include <stddef.h>
#include <stdint.h>

#include "base/zone.h"
#include "config/config.h"

/* Bytes per second in that minute of the day, of the first window that holds it; 0: no limit. */
int64_t bandwidth_rate(const struct config_window *windows, size_t count, int64_t minute);

/* The rate of a configuration, with or without a timetable. */
int64_t bandwidth_rate_at(const struct config_transfers *transfers, const struct zone *zone,
                          int64_t now_ms);

/* How long that rate holds at least, in milliseconds; INT64_MAX: for ever. */
int64_t bandwidth_holds_ms(const struct config_transfers *transfers, const struct zone *zone,
                           int64_t now_ms);

#endif
