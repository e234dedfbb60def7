/* fuzz_sidecar.c - the bytes of a sidecar, which whoever writes images may write too. */
#include <stdlib.h>
#include <string.h>

#include "base/printable.h"
#include "watch/metadata_sidecar.h"

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size);

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size)
{
    struct metadata_sidecar sidecar;
    struct err err = {0};
    bool is_read = metadata_sidecar_parse((const char *)bytes, size, "s", &sidecar, &err);

    /* What was read can be sent; what was not is the file's own fault, with its place. */
    for (size_t i = 0; is_read && i < METADATA_FIELD_COUNT; i++) {
        if (sidecar.value[i] && (!printable_is(sidecar.value[i]) ||
                                 strlen(sidecar.value[i]) > METADATA_VALUE_MAX_BYTES))
            abort();
    }
    if (!is_read && (err.kind != ERR_INPUT || strncmp(err.message, "s:", 2) != 0))
        abort();
    metadata_sidecar_release(&sidecar);
    return 0;
}
