# cmake -DGIT=… -DSOURCE=… -DHEADER=… -P GitRevision.cmake: writes the source tree's revision into HEADER, if it changed.
set(revision "")
if(GIT)
  execute_process(COMMAND ${GIT} -C ${SOURCE} describe --always --dirty --abbrev=12
                  OUTPUT_VARIABLE revision OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
endif()
if(revision STREQUAL "")
  set(revision "unknown")  # an archive without its history
endif()
file(CONFIGURE OUTPUT ${HEADER} CONTENT "#pragma once

namespace orrery {

inline constexpr char kGitRevision[] = \"${revision}\";

}  // namespace orrery
")
