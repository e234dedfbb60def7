#include "cli/author.h"

#include <pwd.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/mem.h"

enum { NAME_ROOM = 16384 };

char *author_new(const struct session *session)
{
    const char *sudo = session->environment("SUDO_USER");
    auto_free char *room = xcalloc(1, NAME_ROOM);
    struct passwd entry;
    struct passwd *found = NULL;

    if (sudo && *sudo && geteuid() == 0)
        return xstrdup(sudo);
    if (getpwuid_r(getuid(), &entry, room, NAME_ROOM, &found) == 0 && found)
        return xstrdup(entry.pw_name);
    return xasprintf("uid %ju", (uintmax_t)getuid());
}
