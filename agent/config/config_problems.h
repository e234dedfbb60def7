/* config_problems.h - filling struct config_problems. */
#ifndef CONFIG_CONFIG_PROBLEMS_H
#define CONFIG_CONFIG_PROBLEMS_H

#include "config/config.h"

/* "where: text"; where is a place ("file:3:1", "option --api-url") and printable already. */
void config_problems_error(struct config_problems *problems, const char *where, const char *format,
                           ...) __attribute__((format(printf, 3, 4)));
void config_problems_warning(struct config_problems *problems, const char *where,
                             const char *format, ...) __attribute__((format(printf, 3, 4)));

/* True when there is none; else fills err with the first and how many follow. */
bool config_problems_none(const struct config_problems *problems, struct err *err);

#endif
