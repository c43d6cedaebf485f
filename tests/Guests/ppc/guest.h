/* The same checks as the x86-64 programs use. */
#include "../x86_64/guest.h"
