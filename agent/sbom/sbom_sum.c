#include "sbom/sbom_sum.h"

#include <endian.h>
#include <stdbool.h>

/* Without a branch: random digits would be guessed wrong half of the time. */
static uint64_t nibble(char digit)
{
    return ((uint64_t)digit & 15) + 9 * ((uint64_t)digit >> 6);
}

/* Carries by hand: a 128 bit type is not in every compiler. */
void sbom_sum_add(struct sbom_sum *sum, const struct sbom_sum *other)
{
    bool carry = false;

    for (size_t i = 0; i < SBOM_SUM_WORDS; i++) {
        uint64_t word = sum->words[i] + other->words[i];
        bool over = word < other->words[i];

        sum->words[i] = word + carry;
        carry = over || (carry && sum->words[i] == 0);
    }
}

void sbom_sum_digest(const struct sbom_sum *sum, uint64_t count, struct digest *digest)
{
    uint64_t words[1 + SBOM_SUM_WORDS] = {htole64(count)};

    for (size_t i = 0; i < SBOM_SUM_WORDS; i++)
        words[1 + i] = htole64(sum->words[i]);
    digest_add(digest, words, sizeof words);
}

/* base/digest speaks hex only: sixteen digits are a word. */
struct sbom_sum sbom_sum_end(struct digest *digest)
{
    struct sbom_sum sum = {{0}};
    char hex[DIGEST_HEX_SIZE];
    const char *digit = hex;

    digest_hex(digest, hex);
    for (size_t i = 0; i < SBOM_SUM_WORDS; i++) {
        uint64_t word = 0;

        for (size_t j = 0; j < 16; j++)
            word = word << 4 | nibble(*digit++);
        sum.words[i] = word;
    }
    return sum;
}
