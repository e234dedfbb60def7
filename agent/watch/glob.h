/*
 * glob.h - one glob without alternatives: what match.h says, but for {a,b}.
 *
 * Internal to watch/match.
 */
#ifndef WATCH_GLOB_H
#define WATCH_GLOB_H

#include <stdbool.h>
#include <stddef.h>

struct glob;

/* Why a text is no glob: the byte, from 0, and the reason. */
struct glob_fault {
    size_t at;
    const char *what;
};

/* NULL with *fault filled when the text is no glob. Its brackets and escapes are complete. */
struct glob *glob_new(const char *text, struct glob_fault *fault);
void glob_free(struct glob *glob); /* NULL is fine */

bool glob_matches(const struct glob *glob, const char *path);
bool glob_matches_below(const struct glob *glob, const char *path);

/* The index of the next byte with a meaning of its own: escapes and [classes] are one. */
size_t glob_next_index(const char *text, size_t at);

/* The index of the bracket that closes the one at `at`; 0 when there is none. */
size_t glob_class_end(const char *text, size_t at);

static inline void auto_glob_fn(struct glob **glob)
{
    glob_free(*glob);
}

#define auto_glob __attribute__((cleanup(auto_glob_fn)))

#endif
