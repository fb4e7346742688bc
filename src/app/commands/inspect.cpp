#include "app/commands/commands.h"
#include "app/inspect/inspection.h"
#include "app/inspect/latent_preview.h"
#include "base/core/error.h"
#include "base/core/json.h"
#include "io/media/rgb_image.h"

namespace orrery {

void inspect(const Options& options, std::ostream& out) {
  std::vector<Inspection> inspections;
  std::string problems;
  for (const std::filesystem::path& file : options.files) {
    try {
      inspections.push_back(inspect_file(file));
    } catch (const InputError& e) {
      problems.append(problems.empty() ? "" : "\n").append(e.what());
    }
    if (inspections.empty()) continue;
    if (options.json) out << json_text(to_json(inspections.back())) << "\n";
    if (options.json) inspections.clear();
  }
  if (!options.json && !inspections.empty()) {
    out << (options.files.size() == 1 ? page_of(inspections.front()) : table_of(inspections));
  }
  out.flush();
  require_input(problems.empty(), problems);
  if (options.preview.empty()) return;
  const RgbImage sheet = latent_sheet(read_latents(options.files.front()).latents.at(Stream::Video));
  write_png(options.preview, sheet.width, sheet.height, sheet.rgb);
}

}  // namespace orrery
