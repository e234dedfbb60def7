/* config_schedule.h - the checks of what is told by the clock: timetable, zones, exports. */
#ifndef CONFIG_CONFIG_SCHEDULE_H
#define CONFIG_CONFIG_SCHEDULE_H

#include "config/config.h"

/* is_complete: every value could be read, so that no default stands in a wrong one's place. */
void config_schedule_check(const struct config *config, bool is_complete,
                           struct config_problems *problems);

#endif
