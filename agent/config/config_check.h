/*
 * config_check.h - what no single value can tell: the checks across options.
 *
 * Values that could not be read are at their default or NULL here; no check trips
 * over them.
 */
#ifndef CONFIG_CONFIG_CHECK_H
#define CONFIG_CONFIG_CHECK_H

#include "config/config.h"

/* file_mode: as in struct config_sources. */
void config_check_all(const struct config *config, unsigned file_mode,
                      struct config_problems *problems);

#endif
