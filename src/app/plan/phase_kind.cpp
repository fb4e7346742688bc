#include "app/plan/phase_kind.h"

namespace orrery {

PhaseKind kind_of(std::string_view phase) {
  const bool is_exchange = phase.ends_with("all-reduce") || phase.ends_with("all-gather") || phase.ends_with(" sum");
  if (is_exchange) return PhaseKind::Exchange;
  if (phase == "attention") return PhaseKind::Attention;
  return phase.ends_with(" product") ? PhaseKind::Product : PhaseKind::Memory;
}

}  // namespace orrery
