#include "flow/sbom_place.h"

#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/mem.h"
#include "store/sbom.h"

bool sbom_place_apart(struct db *db, const struct sbom_place *place, char **file, struct err *err)
{
    auto_free struct sbom_row *other = xcalloc(1, sizeof *other);
    bool found;

    if (!sbom_file_owner(db, *file, other, &found, err))
        return false;
    if (!found || (strcmp(other->firmware_id, place->subject->firmware_id) == 0 &&
                   strcmp(other->format, place->format) == 0))
        return true;
    char *apart = sbom_path_apart(*file, place);
    free(*file);
    *file = apart;
    return true;
}

char *sbom_place_choose(const struct flow *flow, const struct sbom_place *place,
                        const char *known_file, struct err *err)
{
    const char *directory = flow->settings.sbom_directory;
    const char *known = known_file ? sbom_path_below(directory, known_file, place->ext) : NULL;

    if (known)
        return xstrdup(known);
    auto_free char *path = sbom_path_new(flow->settings.sbom_path, place, err);
    if (!path)
        return NULL;
    auto_free char *file = xasprintf("%s/%s", directory, path);
    if (!sbom_place_apart(flow->db, place, &file, err))
        return NULL;
    return xstrdup(file + strlen(directory) + 1);
}
