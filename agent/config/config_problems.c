#include "config/config_problems.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"

/* A place of "" is for texts that begin with one already. */
static char *line_new(const char *where, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));

static char *line_new(const char *where, const char *format, va_list args)
{
    char *what = NULL;

    if (vasprintf(&what, format, args) < 0)
        abort();
    char *line = *where ? xasprintf("%s: %s", where, what) : xstrdup(what);
    free(what);
    return line;
}

void config_problems_error(struct config_problems *problems, const char *where, const char *format,
                           ...)
{
    va_list args;

    if (problems->error_count == CONFIG_PROBLEM_MAX) {
        problems->errors_more++;
        return;
    }
    va_start(args, format);
    problems->errors[problems->error_count++] = line_new(where, format, args);
    va_end(args);
}

void config_problems_warning(struct config_problems *problems, const char *where,
                             const char *format, ...)
{
    va_list args;

    if (problems->warning_count == CONFIG_PROBLEM_MAX)
        return;
    va_start(args, format);
    problems->warnings[problems->warning_count++] = line_new(where, format, args);
    va_end(args);
}

bool config_problems_none(const struct config_problems *problems, struct err *err)
{
    size_t others = problems->error_count + problems->errors_more;

    if (others == 0)
        return true;
    if (--others == 0)
        return err_set(err, ERR_CONFIG, "%s", problems->errors[0]);
    return err_set(err, ERR_CONFIG, "%s (and %zu more)", problems->errors[0], others);
}

void config_problems_release(struct config_problems *problems)
{
    for (size_t i = 0; i < problems->error_count; i++)
        free(problems->errors[i]);
    for (size_t i = 0; i < problems->warning_count; i++)
        free(problems->warnings[i]);
    *problems = (struct config_problems){0};
}
