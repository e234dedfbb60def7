#include "flow/sbom_place.h"

#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/mem.h"
#include "store/sbom.h"

/* Two formats of one kind may have the same name: the later one is told apart. */
static char *keep_apart(const struct flow *flow, const struct sbom_place *place, const char *path,
                        struct err *err)
{
    auto_free struct sbom_row *other = xcalloc(1, sizeof *other);
    auto_free char *file = xasprintf("%s/%s", flow->settings.sbom_directory, path);
    bool found;

    if (!sbom_file_owner(flow->db, file, other, &found, err))
        return NULL;
    if (!found || (strcmp(other->firmware_id, place->subject->firmware_id) == 0 &&
                   strcmp(other->format, place->format) == 0))
        return xstrdup(path);
    return sbom_path_apart(path, place);
}

char *sbom_place_choose(const struct flow *flow, const struct sbom_place *place,
                        const char *known_file, struct err *err)
{
    const struct flow_settings *settings = &flow->settings;
    const char *known =
        known_file ? sbom_path_below(settings->sbom_directory, known_file, place->ext) : NULL;

    if (known)
        return xstrdup(known);
    auto_free char *path = sbom_path_new(settings->sbom_path, place, err);
    return path ? keep_apart(flow, place, path, err) : NULL;
}
