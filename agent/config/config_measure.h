/*
 * config_measure.h - the forms of values that only the configuration has, beside those of
 * base/units.h: "08:00", "50GiB/day", "0.5", and what sbom.keep takes.
 *
 * Strict as units.h is; errors are ERR_CONFIG, "what is wrong; what is right".
 */
#ifndef CONFIG_CONFIG_MEASURE_H
#define CONFIG_CONFIG_MEASURE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/units.h"
#include "config/config_option.h"
#include "config/config_values.h"

/* The types whose values are amounts: DURATION, RATE, BUDGET, CLOCK, SHARE and COUNT. */
bool config_measure_has_range(enum config_option_type type);

/* Of those types. The range is the caller's to check. */
bool config_measure_parse(enum config_option_type type, const char *text, int64_t *number,
                          struct err *err);

/* The number in the form that parses back to it; for COUNT the digits. Returns text. */
const char *config_measure_text(enum config_option_type type, int64_t number,
                                char text[UNITS_TEXT_SIZE]);

/* "all", "30", "90d", "10y" with years of 365 days; within its range. */
bool config_measure_parse_keep(const char *text, struct config_keep *keep, struct err *err);
const char *config_measure_keep_text(const struct config_keep *keep, char text[UNITS_TEXT_SIZE]);

#endif
