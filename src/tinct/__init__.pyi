from tinct import errors as errors
from tinct.effects.available import available as available
from tinct.effects.migrate.migrate import dominant_colors as dominant_colors
from tinct.effects.migrate.migrate import fit_auto as fit_auto
from tinct.effects.migrate.migrate import fit_reference as fit_reference
from tinct.effects.migrate.migrate import fit_template as fit_template
from tinct.faces.face import Face as Face
from tinct.faces.find import find_faces as find_faces
from tinct.imaging.colormap import ColorMap as ColorMap
from tinct.photo.decode import open as open
from tinct.photo.photo import Photo as Photo

# isort: off
# Effects and what they return, written from the registry by scripts/derive
from tinct.effects.background.background import Background as Background
from tinct.effects.background.background import background as background
from tinct.effects.colorize.colorize import Colorization as Colorization
from tinct.effects.colorize.colorize import colorize as colorize
from tinct.effects.convert import convert as convert
from tinct.effects.correct.correct import Correction as Correction
from tinct.effects.correct.correct import correct as correct
from tinct.effects.detect_faces.detect_faces import FaceDetection as FaceDetection
from tinct.effects.detect_faces.detect_faces import detect_faces as detect_faces
from tinct.effects.enhance.enhance import Enhancement as Enhancement
from tinct.effects.enhance.enhance import enhance as enhance
from tinct.effects.erase.erase import Erasure as Erasure
from tinct.effects.erase.erase import erase as erase
from tinct.effects.light.light import Lighting as Lighting
from tinct.effects.light.light import light as light
from tinct.effects.makeup.makeup import Makeup as Makeup
from tinct.effects.makeup.makeup import makeup as makeup
from tinct.effects.migrate.migrate import Migration as Migration
from tinct.effects.migrate.migrate import migrate as migrate
from tinct.effects.moderate.moderate import Moderation as Moderation
from tinct.effects.moderate.moderate import moderate as moderate
from tinct.effects.swap.swap import Swap as Swap
from tinct.effects.swap.swap import swap as swap
# End of effects
# isort: on

__version__: str
