#include "control/answer_hand.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/mem.h"
#include "control/answer_json.h"
#include "control/answer_parts.h"

enum { NO_FD = -1 };

static const char *const saved_names[] = {
    [HAND_SAVED] = "saved", [HAND_LOST] = "lost", [HAND_RIVAL] = "rival", [HAND_ALIAS] = "alias"};

/* ---- the command's side ---- */

/* watch and path are the row's own there, and a path may be no text. */
static bool is_told(const char *field)
{
    return strcmp(field, "watch") != 0 && strcmp(field, "path") != 0;
}

// One statement a column, from the list: long, but flat.
// NOLINTNEXTLINE(readability-function-size,readability-function-cognitive-complexity)
static json_t *encode(const struct item *item)
{
    json_t *object = json_object();

#define TEXT(name)                                                                                 \
    if (is_told(#name))                                                                            \
        answer_json_put_text(object, #name, item->name);
#define INT(name) answer_json_put(object, #name, json_integer(item->name));
    ITEM_FIELDS(TEXT, INT, INT, INT)
#undef TEXT
#undef INT
    return object;
}

json_t *answer_hand_arguments(const struct hand *hand, const struct item *mine, bool over)
{
    json_t *arguments = json_object();
    enum item_state state = over && mine->state == ITEM_DONE ? ITEM_FETCHING : mine->state;
    json_t *item = encode(mine);

    answer_json_put(item, "id", json_integer(mine->id));
    answer_json_put_text(item, "state", item_state_name(state));
    answer_json_put(arguments, "item", item);
    answer_json_put(arguments, "pid", json_integer(hand->pid));
    answer_json_put_text(arguments, "boot", hand->boot);
    answer_json_put(arguments, "over", json_boolean(over));
    return arguments;
}

bool answer_hand_read(void *owner, json_t *row, struct err *err)
{
    enum hand_saved *saved = owner;
    const char *name = json_string_value(json_object_get(row, "saved"));

    for (size_t i = 0; name && i < sizeof saved_names / sizeof saved_names[0]; i++) {
        if (strcmp(saved_names[i], name) == 0) {
            *saved = (enum hand_saved)i;
            return true;
        }
    }
    return err_set(err, ERR_PROTOCOL, "the agent's answer is not understood");
}

/* ---- the agent's side ---- */

static char *text_new(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text ? xstrdup(text) : NULL;
}

/* A program of another version may leave fields out: they are NULL and 0. */
// NOLINTNEXTLINE(readability-function-size)
static bool decode(const json_t *object, struct item *item, struct err *err)
{
    const char *state = json_string_value(json_object_get(object, "state"));

    item->id = json_integer_value(json_object_get(object, "id"));
#define TEXT(name) item->name = text_new(object, #name);
#define INT(name)  item->name = json_integer_value(json_object_get(object, #name));
    ITEM_FIELDS(TEXT, INT, INT, INT)
#undef TEXT
#undef INT
    return (state && item_state_of_name(state, &item->state) && item->id > 0) ||
           err_set(err, ERR_USAGE, "hand-save: the item has no state or no id");
}

static const char *boot_of(const struct answer *answer)
{
    const char *boot = arguments_text(answer->arguments, "boot");

    return boot ? boot : "";
}

/* The lock on the row is its process's; there is none to let go of here. */
static bool hand_work(struct answer *answer, json_t **row, bool *over, struct err *err)
{
    struct db *db = answer->context.db;
    const struct live *live = answer->context.live;
    struct hand hand = {.fd = NO_FD, .pid = arguments_count(answer->arguments, "pid")};
    auto_item struct item item = {0};
    enum hand_saved saved;

    snprintf(hand.boot, sizeof hand.boot, "%s", boot_of(answer));
    if (!decode(json_object_get(answer->arguments, "item"), &item, err) ||
        !hand_save(db, &hand, &item, arguments_flag(answer->arguments, "over"), &saved, err) ||
        !db_commit(db, err))
        return false;
    if (live)
        live->kick(live->owner, LIVE_KICK_ITEMS);
    *row = json_object();
    answer_json_put_text(*row, "saved", saved_names[saved]);
    *over = true;
    return true;
}

static const struct argument hand_arguments[] = {
    {"item", ARGUMENT_OBJECT}, {"pid", ARGUMENT_COUNT}, {"boot", ARGUMENT_TEXT},
    {"over", ARGUMENT_FLAG},   {NULL, ARGUMENT_TEXT},
};

const struct answer_kind answer_hand = {
    .command = "hand-save",
    .arguments = hand_arguments,
    .changes = true,
    .work = hand_work,
};
