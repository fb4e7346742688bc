#include "app/cli/help_pages.h"

#include "base/core/error.h"

namespace orrery {

const HelpPage& help_page(Command command) {
  for (const std::span<const HelpPage> pages : {making_pages(), telling_pages()}) {
    for (const HelpPage& page : pages) {
      if (page.command == command) return page;
    }
  }
  throw Error("this command has no help page");
}

}  // namespace orrery
