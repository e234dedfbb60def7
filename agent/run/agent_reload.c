/*
 * agent_reload.c - a new configuration while the agent runs.
 */
#include "base/log.h"
#include "config/config_show.h"
#include "run/agent_parts.h"

/* Everything that start() would find wrong with it. */
static bool is_usable(const struct config *config, struct err *err)
{
    struct flow_settings settings;
    struct setup_sboms sboms;
    bool ok = setup_flow(config, &settings, &sboms, err);

    setup_sboms_release(&sboms);
    for (size_t i = 0; ok && i < config->watch_count; i++) {
        struct source *source = setup_source(&config->watches[i], err);

        ok = source != NULL || err_wrap(err, "watch %s", config->watches[i].name);
        source_free(source);
    }
    return ok;
}

static bool read_config(struct agent *agent, struct config **fresh, struct err *err)
{
    if (!agent->options->reload(agent->options->reload_owner, fresh, err) ||
        !is_usable(*fresh, err))
        return false;
    const char *reason = config_restart_reason(agent->config, *fresh);
    return !reason ||
           err_set(err, ERR_CONFIG, "%s cannot change while the agent runs: restart it", reason);
}

/*
 * Wholly or not at all: a bad file changes nothing. A good one takes over once what is
 * under way has ended: the agent stops as it always does and starts again in its place.
 */
void agent_reload(struct agent *agent)
{
    struct err err = {.kind = ERR_OK};
    struct config *fresh = NULL;

    if (!agent->options->reload)
        return;
    if (read_config(agent, &fresh, &err)) {
        log_info("config_accepted", F_TEXT("file", fresh->file_name));
        config_free(agent->next); /* an earlier one that waits to take over */
        agent->next = fresh;
        agent_stop(agent, false);
        uv_timer_stop(&agent->grace_timer); /* transfers may take their time */
        return;
    }
    config_free(fresh);
    agent_alert(agent, "config_rejected", err.message,
                "mend the configuration file; the agent goes on with the old one");
}
