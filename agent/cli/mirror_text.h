/* mirror_text.h - the mirror report of one watch for people. Pure. */
#ifndef CLI_MIRROR_TEXT_H
#define CLI_MIRROR_TEXT_H

#include <jansson.h>

enum { MIRROR_TEXT_SIZE = 256 };

/*
 * "20000 known: 1200 sent, 3 duplicates, 1 failed, 18796 left (1.2 TiB, about 3d 4h); waits
 * for analyses". The document is that of control/live_mirror.h, perhaps of another version.
 * Returns text.
 */
const char *mirror_text(json_t *mirror, char text[MIRROR_TEXT_SIZE]);

#endif
