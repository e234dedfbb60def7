/*
 * replay.c - the main function of a fuzz target where there is no libFuzzer.
 *
 *     replay_<name> FOLDER...        every file of the folders, and changed copies of them
 *     replay_<name> -n NUMBER FILE   that one copy again, for a debugger
 *
 * The changes depend on the file's bytes and the number alone, so a failure comes back wherever it
 * is looked for. An input stands on stdout before it is run: the last one is the culprit.
 */
#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MAX_BYTES = 1 << 20,
    ALL_CHANGES = 2000, /* shared by the files, so that a big corpus takes no longer */
    MOST_CHANGES = 200, /* of one file */
    MOST_STEPS = 6,     /* changes upon changes */
};

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

struct input {
    uint8_t bytes[MAX_BYTES];
    size_t size;
    uint64_t random;
};

static uint64_t draw(struct input *input, uint64_t below)
{
    input->random ^= input->random << 13;
    input->random ^= input->random >> 7;
    input->random ^= input->random << 17;
    return below ? input->random % below : 0;
}

static void insert(struct input *input, const void *bytes, size_t size)
{
    size_t at = draw(input, input->size + 1);

    if (input->size + size > MAX_BYTES)
        return;
    memmove(input->bytes + at + size, input->bytes + at, input->size - at);
    memcpy(input->bytes + at, bytes, size);
    input->size += size;
}

/* What parsers of texts stumble over. */
static void insert_token(struct input *input)
{
    static const char *const tokens[] = {
        "{",       "}",       "[",
        "]",       "\"",      "\\",
        "\\u0000", "\\ud800", ":",
        ",",       "\n",      "*",
        "?",       "**/",     "(",
        ")",       "|",       "{name}",
        "{",       "}}",      "&",
        "- ",      "\t",      "null",
        "-1e99",   "<a",      "]]>",
        "/>",      "&#0;",    "\xff",
        "\xc0",    "#",       "18446744073709551616",
    };
    const char *token = tokens[draw(input, sizeof tokens / sizeof tokens[0])];

    insert(input, token, strlen(token));
}

static void remove_span(struct input *input)
{
    size_t at = draw(input, input->size);
    size_t size = draw(input, input->size - at < 64 ? input->size - at : 64) + 1;

    memmove(input->bytes + at, input->bytes + at + size, input->size - at - size);
    input->size -= size;
}

static void repeat_span(struct input *input)
{
    uint8_t span[256];
    size_t at = draw(input, input->size);
    size_t most = input->size - at < sizeof span ? input->size - at : sizeof span;
    size_t size = draw(input, most) + 1;

    memcpy(span, input->bytes + at, size);
    insert(input, span, size);
}

static void change(struct input *input)
{
    uint64_t kind = draw(input, 6);

    if (input->size == 0 || kind == 0)
        insert_token(input);
    else if (kind == 1)
        input->bytes[draw(input, input->size)] ^= (uint8_t)(1U << draw(input, 8));
    else if (kind == 2)
        input->bytes[draw(input, input->size)] = (uint8_t)draw(input, 256);
    else if (kind == 3)
        remove_span(input);
    else if (kind == 4)
        repeat_span(input);
    else
        input->size = draw(input, input->size + 1);
}

static bool load(struct input *input, const char *path)
{
    FILE *file = fopen(path, "rb");

    if (!file)
        return false;
    input->size = fread(input->bytes, 1, MAX_BYTES, file);
    bool good = !ferror(file);
    fclose(file);
    return good;
}

/* Number 0 is the file as it is. */
static bool run(const char *path, uint64_t number)
{
    struct input *input = calloc(1, sizeof *input);

    if (!input || !load(input, path)) {
        fprintf(stderr, "cannot read %s: %s\n", path, strerror(errno));
        free(input);
        return false;
    }
    input->random = 0x9e3779b97f4a7c15U * (number + 1);
    for (size_t i = 0; i < input->size; i++)
        input->random = (input->random ^ input->bytes[i]) * 1099511628211U;
    input->random |= 1; // never 0, where the generator stays
    for (uint64_t left = number ? 1 + draw(input, MOST_STEPS) : 0; left > 0; left--)
        change(input);
    printf("%s %ju\n", path, (uintmax_t)number);
    // a copy of exactly that size, for the sanitizer to see what reads past it
    uint8_t *exact = malloc(input->size ? input->size : 1);
    if (!exact)
        abort();
    memcpy(exact, input->bytes, input->size);
    size_t size = input->size;
    free(input);
    bool good = LLVMFuzzerTestOneInput(exact, size) == 0;
    free(exact);
    return good;
}

static int is_sample(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static bool run_folder(const char *folder)
{
    struct dirent **entries = NULL;
    bool good = true;
    int count = scandir(folder, &entries, is_sample, alphasort);

    if (count <= 0) {
        fprintf(stderr, "no samples in %s\n", folder);
        return false;
    }
    int changes = ALL_CHANGES / count < MOST_CHANGES ? ALL_CHANGES / count : MOST_CHANGES;
    for (int i = 0; i < count; i++) {
        char path[4096];

        snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
        for (int number = 0; number <= changes; number++)
            good = run(path, (uint64_t)number) && good;
        free(entries[i]);
    }
    free(entries);
    return good;
}

int main(int argc, char **argv)
{
    bool good = argc > 1;

    setvbuf(stdout, NULL, _IOLBF, 0);
    if (argc == 4 && strcmp(argv[1], "-n") == 0)
        return !run(argv[3], strtoull(argv[2], NULL, 10));
    for (int i = 1; i < argc; i++)
        good = run_folder(argv[i]) && good;
    return !good;
}
