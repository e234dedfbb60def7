/*
 * config_option.h - the rows of options.def as a table.
 *
 * A type decides how a value is written, read and shown, and of which C type the
 * member at `offset` is.
 */
#ifndef CONFIG_CONFIG_OPTION_H
#define CONFIG_CONFIG_OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum config_option_type {
    OPTION_TEXT,     /* const char *, NULL: not set; as are PATH, URL and NAME */
    OPTION_PATH,     /* absolute in the file */
    OPTION_URL,      /* one of the schemes in words, no user or password */
    OPTION_NAME,     /* letters, digits, _ and - */
    OPTION_DURATION, /* int64_t ms; as are the next, each in its unit */
    OPTION_RATE,     /* bytes per second; 0 where the default is none */
    OPTION_BUDGET,   /* bytes a day; likewise */
    OPTION_CLOCK,    /* minutes since midnight, to 24:00 */
    OPTION_SHARE,    /* thousandths, of a decimal from 0 to 1 */
    OPTION_COUNT,    /* 0 where the default is none */
    OPTION_DATE,     /* ms since 1970; 0: not set */
    OPTION_MODE,     /* permission bits */
    OPTION_BOOL,     /* bool */
    OPTION_WORD,     /* an enum whose constants follow words */
    OPTION_KEEP,     /* struct config_keep */
    OPTION_EVENTS,   /* uint32_t, a bit for each enum config_event */
    OPTION_TEXTS,    /* struct config_texts of least to most items */
    OPTION_WATCHES,  /* a pointer to elements, then a size_t count; as are those that follow */
    OPTION_WINDOWS,
    OPTION_FORMATS,
    OPTION_EXPORTS,
    OPTION_TARGETS,
};

enum config_option_scope {
    SCOPE_ROOT,
    SCOPE_WATCH,
    SCOPE_WINDOW,
    SCOPE_FORMAT,
    SCOPE_EXPORT,
    SCOPE_TARGET,
};

enum config_option_flag {
    OPTION_NEEDED = 1,      /* has to be written */
    OPTION_RESTART = 2,     /* a reload cannot change it */
    OPTION_SECRET = 4,      /* shown without what may be secret */
    OPTION_NOT_IN_FILE = 8, /* command line and environment only */
    OPTION_OR_LIST = 16,    /* or the list of the next row, which has the same path */
    OPTION_OTHER_FORM = 32, /* that list: stands there only where it is used */
};

struct config_option {
    const char *path;
    enum config_option_type type;
    enum config_option_scope scope;
    size_t offset;
    const char *fallback;
    int64_t least;
    int64_t most; /* 0 with least 0: no range */
    const char *words;
    unsigned flags;
    const char *help;
};

/* All rows in the order of options.def. */
const struct config_option *config_option_rows(size_t *count);

/* By its path with "[]" for every index, the first row; NULL when there is no such option. */
const struct config_option *config_option_find(const char *path);

/* True when options begin with that path and a dot. */
bool config_option_is_section(const char *path);

/*
 * The key that was probably meant where section (a path, "" at the top) has no such
 * one: the nearest of that section, else the path of an option whose last part it is.
 */
const char *config_option_suggest(const char *section, const char *key, char *room, size_t size);

/* For the list types: of which scope an element is, and its size. */
enum config_option_scope config_option_element(enum config_option_type type, size_t *size);
bool config_option_is_list(enum config_option_type type);

#endif
