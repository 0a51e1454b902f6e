from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from tinct import errors as errors
from tinct import video as video
from tinct.effects.available import available as available
from tinct.effects.colorize.scene import colorize_scene as colorize_scene
from tinct.effects.migrate.migrate import dominant_colors as dominant_colors
from tinct.effects.migrate.migrate import fit_auto as fit_auto
from tinct.effects.migrate.migrate import fit_reference as fit_reference
from tinct.effects.migrate.migrate import fit_template as fit_template
from tinct.faces.face import Face as Face
from tinct.faces.find import find_faces as find_faces
from tinct.imaging.colormap import ColorMap as ColorMap
from tinct.imaging.watermark import Mark as Mark
from tinct.imaging.watermark import find_mark as find_mark
from tinct.photo.decode import open as open
from tinct.photo.given import PhotoLike as PhotoLike
from tinct.photo.photo import Photo as Photo

# isort: off
# Effects and what they return, written from the registry by scripts/derive
from tinct.effects.background.background import Background as Background
from tinct.effects.cartoon.cartoon import Cartoon as Cartoon
from tinct.effects.colorize.colorize import Colorization as Colorization
from tinct.effects.colorize.hints import Hint
from tinct.effects.correct.correct import Correction as Correction
from tinct.effects.detect_faces.detect_faces import FaceDetection as FaceDetection
from tinct.effects.enhance.enhance import Enhancement as Enhancement
from tinct.effects.erase.erase import Erasure as Erasure
from tinct.effects.extend.extend import Extended as Extended
from tinct.effects.generate.generate import Generated as Generated
from tinct.effects.hair.bangs import Bangs as Bangs
from tinct.effects.hair.extend import Extension as Extension
from tinct.effects.hair.style import Styled as Styled
from tinct.effects.hair.transfer import Transfer as Transfer
from tinct.effects.hair.volume import Volume as Volume
from tinct.effects.light.light import Lighting as Lighting
from tinct.effects.makeup.makeup import Makeup as Makeup
from tinct.effects.migrate.migrate import Migration as Migration
from tinct.effects.moderate.moderate import Moderation as Moderation
from tinct.effects.replace.replace import Replacement as Replacement
from tinct.effects.restore.restore import Restoration as Restoration
from tinct.effects.swap.swap import Swap as Swap

def background(
    photo: PhotoLike,
    mode: Literal["remove", "mask", "change", "blur"] = "remove",
    *,
    subject: Literal["auto", "person", "any"] = "auto",
    colors: Sequence[str] | None = None,
    scene: Literal["studio_white", "studio_grey", "studio_dark", "studio_blue", "studio_rose", "nature_meadow", "nature_forest", "nature_cherryblossom", "nature_autumn", "sky_day", "sky_dusk", "sky_night", "sea_calm", "city_night", "festive_gold", "paper_warm"] | None = None,
    prompt: str | None = None,
    seed: int = 0,
    amount: float = 0.5,
    backdrop: PhotoLike | None = None,
    mask: PhotoLike | None = None,
    progress: Callable[[float], None] = ...,
) -> Background:
    """Cut the subject out, give its matte, put it before another background, or blur what is behind it.

    Parameters
    ----------
    photo : Photo, path, bytes, file, PIL image or array
        The photo with the subject.
    backdrop : Photo, path, bytes, file, PIL image or array, optional
        For change: what stands behind the subject; cut to shape.
    mask : Photo, path, bytes, file, PIL image or array, optional
        A matte of one's own: grey, of the photo's size, white on the subject.
    mode : remove, mask, change or blur
        remove: the subject alone, with opacity. mask: its matte, white on black. change: the subject on
        another background. blur: the background out of focus.
    subject : auto, person or any
        person: people only. any: whatever stands out, by the network in the package, or by isnet if
        that is installed. auto: people if there are any, else any.
    colors : 1 to 2 × text
        For change, without a backdrop: one colour, or two from top to bottom; CSS names, #RGB or
        #RRGGBB.
    scene : studio_white, studio_grey, studio_dark, studio_blue, studio_rose, nature_meadow, nature_forest, nature_cherryblossom, nature_autumn, sky_day, sky_dusk, sky_night, sea_calm, city_night, festive_gold or paper_warm
        For change, without a backdrop and colours: one that is drawn, of that name.
    prompt : text
        For change, without a backdrop, colours and a scene: what is to be seen there, in words; it is
        invented by the image generator that is installed.
    seed : 0 to 2147483647
        The same photos, parameters and seed give the same results.
    amount : above 0, up to 1
        For blur: how far out of focus; 1 is a lens of a twentieth of the photo.

    Raises
    ------
    ParameterError
        A parameter is not allowed, or no subject was found.
    NoGeneratorError, GeneratorError
        There is no generator, or it cannot do it.
    """

def cartoon(
    photo: PhotoLike,
    *,
    lines: float = 0.6,
    tones: int = 7,
    smoothness: float = 0.5,
    strength: float = 1.0,
    progress: Callable[[float], None] = ...,
) -> Cartoon:
    """Draw a photo: even colours, few tones and clean lines, at its own size; skin keeps its shading.

    Parameters
    ----------
    photo : Photo, path, bytes, file, PIL image or array
        The photo to draw, in any depth and RGB profile; both stay.
    lines : 0 to 1
        How dark and how many lines are; 0 draws none.
    tones : 3 to 24
        Steps of lightness from black to white.
    smoothness : 0 to 1
        How much detail goes: 0 keeps most, 1 leaves large shapes.
    strength : 0 to 1
        0 returns the photo's own pixels, 1 the full change.

    Raises
    ------
    ParameterError
        Names the field, what was found and what is allowed.

    References
    ----------
    Winnemöller, Olsen and Gooch 2006, "Real-time video abstraction"; Kang, Lee and Chui 2007, "Coherent line drawing".
    """

def colorize(
    photo: PhotoLike,
    strength: float = 1.0,
    variants: int = 1,
    seed: int = 0,
    neutralise: Literal["auto", "on", "off"] | bool = "auto",
    *,
    hints: Sequence[Hint | tuple[int, int, str] | Mapping[str, Any]] = (),
    reference: PhotoLike | None = None,
    progress: Callable[[float], None] = ...,
) -> Colorization:
    """Colour a black-and-white photo; luminance stays, and known colours or a reference photo may steer it.

    Parameters
    ----------
    photo : Photo, path, bytes, file, PIL image or array
        The photo to colour: grey, toned, or in colour; then it is coloured anew.
    reference : Photo, path, bytes, file, PIL image or array, optional
        A photo whose colours to lean towards.
    strength : 0 to 1
        0 leaves the photo without new colour, 1 colours it fully.
    variants : 1 to 4
        How many different colourings; the first is the best answer.
    seed : 0 to 2147483647
        The same photos, parameters and seed give the same results.
    neutralise : auto, on or off
        What happens to colour the photo already has. auto: the tint of sepia, faded and yellowed photos
        goes; colour in places, such as a red stamp, stays; a photo in colour is coloured anew, its own
        colours show where strength is below 1. on: all goes. off: the tint shows too where strength is
        below 1.
    hints : up to 200 × {x, y, color}
        Known colours: x, y in pixels, and color. Each fills the thing that the point is on.

    Raises
    ------
    ParameterError
        Names the field, what was found and what is allowed.
    ModelError
        The weights are missing or damaged.

    References
    ----------
    Zhang, Isola, Efros 2016, "Colorful Image Colorization".
    """

def convert(
    photo: PhotoLike,
) -> Photo:
    """Turn the photo upright and save it in another format, with its colours and profile unchanged.

    Parameters
    ----------
    photo : Photo, path, bytes, file, PIL image or array
        The photo to convert.
    """

def correct(
    photo: PhotoLike,
    *,
    strength: float = 1.0,
    variants: int = 1,
    engine: Literal["auto", "classical", "maxim"] = "auto",
    progress: Callable[[float], None] = ...,
) -> Correction:
    """Take away the tint of the light, set black and white, wake up dull colours; in up to four looks.

    Parameters
    ----------
    photo : Photo, path, bytes, file, PIL image or array
        The photo to correct, in any depth and RGB profile; both stay.
    strength : 0 to 1
        0 returns the photo's own pixels, 1 the full change.
    variants : 1 to 4
        How many looks; the first is the plain correction, then warm, vivid and soft.
    engine : auto, classical or maxim
        classical finds the tint of the light with Tinct's own small network and sets black and white
        point; maxim is a retouching network, about 6 s each. auto takes classical.

    Raises
    ------
    ParameterError
        A parameter is not allowed.
    MissingModelError
        ``maxim`` was asked for and is not installed.
    """

def detect_faces(
    photo: PhotoLike,
    *,
    small: bool = False,
    required: bool = False,
    progress: Callable[[float], None] = ...,
) -> FaceDetection:
    """Find all faces of a photo: boxes from left to right, how sure each is, and how the heads are turned.

    Parameters
    ----------
    photo : Photo, path, bytes, file, PIL image or array
        The photo in which to look for faces.
    small : true or false
        Also faces of 14 to 24 pixels; takes several times as long.
    required : true or false
        Fail where there is no face.

    Raises
    ------
    NoFaceError
        There is no face, and `required` is set.
    MissingModelError
        The networks are not installed.
    """

def enhance(
    photo: PhotoLike,
    scale: Literal[1, 2, 4] = 2,
    model: Literal["auto", "span", "luma", "realesrgan", "clearreality", "animevideo", "classical"] = "auto",
    denoise: Literal["auto"] | float = "auto",
    *,
    deblur: Literal["auto", "off"] = "off",
    faces: bool = False,
    progress: Callable[[float], None] = ...,
) -> Enhancement:
    """Make a photo sharper and two or four times larger, or restore it at its own size; its colours stay.

    Parameters
    ----------
    photo : Photo, path, bytes, file, PIL image or array
        8 or 16 bit, at least 8 pixels a side; depth, profile and opacity stay.
    scale : 1, 2 or 4
        How many times wider and higher the result is; 1 restores at the photo's own size.
    model : auto, span, luma, realesrgan, clearreality, animevideo or classical
        span is true to the source; luma is small, about ten times as fast, and for large photos as
        good; realesrgan restores and is about 40 times slower than span; clearreality also cleans up
        JPEG (non-commercial licence); animevideo is for drawings; classical needs no network. auto
        takes realesrgan for photos up to 0.16 megapixels, and for soft ones up to 0.64; luma to double
        those from 6 on; span for others; and classical for sharp photos at their own size and where the
        networks are not installed.
    denoise : auto or 0 to 1
        0 leaves noise and JPEG blocks, 0.5 removes as much of them as is found, 1 twice that; auto
        removes what is found, and nothing from photos that are nearly clean. The higher, the less grain
        is left.
    deblur : auto or off
        auto takes blur away first where it is measured to be small (1 to 3 pixels) and the same all
        over the photo, and tells where it was left; off does not look.
    faces : true or false
        Also give each face, before and after: its box and 30 % of its sides around it.

    Raises
    ------
    ParameterError
        Names the field, what was found and what is allowed.
    MissingModelError, ModelLicenceError
        The named model, or those that find faces, are not installed; the message says how to get them.

    References
    ----------
    Wan et al. 2024, "Swift parameter-free attention network for efficient super-resolution" (SPAN); Wang et al. 2021,
    "Real-ESRGAN: training real-world blind super-resolution with pure synthetic data".
    """

def erase(
    photo: PhotoLike,
    mask: PhotoLike,
    method: Literal["auto", "shift", "patch"] = "auto",
    grow: int = 0,
    *,
    complete: bool = False,
    seed: int = 0,
    progress: Callable[[float], None] = ...,
) -> Erasure:
    """Remove what a mask covers and continue the surroundings there; pixels outside the mask stay as they are.

    Parameters
    ----------
    photo : Photo, path, bytes, file, PIL image or array
        The photo to remove something from; wholly transparent pixels are not copied.
    mask : Photo, path, bytes, file, PIL image or array
        A grey picture of the same size: white is removed, black is kept, grey between them mixes;
        opacity counts as laid on black.
    method : auto, shift or patch
        shift continues structure by few large copies, patch builds texture from many small ones, auto
        takes for each hole the one whose seams show less.
    grow : 0 to 200
        Pixels by which the mask is widened, so that halos and soft shadows of the object go too.
    complete : true or false
        Things that the mask covers in part go wholly, where their outline is clear; the mask that was
        used comes back too.
    seed : 0 to 2147483647
        The same photos, parameters and seed give the same results.

    Raises
    ------
    ParameterError
        Names the field, what was found and what is allowed.

    References
    ----------
    He and Sun 2012, "Statistics of patch offsets for image completion"; Barnes et al. 2009, "PatchMatch"; Newson et al.
    2014, "Video inpainting of complex scenes"; Pérez et al. 2003, "Poisson image editing"; Rother et al. 2004,
    "GrabCut".
    """

def extend(
    photo: PhotoLike,
    *,
    left: str = "0",
    top: str = "0",
    right: str = "0",
    bottom: str = "0",
    to: str | None = None,
    anchor: Literal["center", "left", "right", "top", "bottom"] = "center",
    crop: str | None = None,
    place: str | None = None,
    size: str | None = None,
    method: Literal["auto", "plain", "banded", "backdrop", "generator"] = "auto",
    prompt: str = "",
    seed: int = 0,
    progress: Callable[[float], None] = ...,
) -> Extended:
    """Extend the photo beyond its borders; what it shows stays as it is.

    Parameters
    ----------
    photo : Photo, path, bytes, file, PIL image or array
        The photo to extend, in any depth and RGB profile; both stay.
    left : text
        What is added to the left: pixels, or a share such as 25%.
    top : text
        What is added at the top.
    right : text
        What is added to the right.
    bottom : text
        What is added at the bottom.
    to : text
        The shape of the result: a ratio such as 16:9, or a size such as 1920x1080.
    anchor : center, left, right, top or bottom
        Where the photo stays in what `to` makes of it.
    crop : text
        The part of the photo that is kept, first of all: x, y, width, height in pixels.
    place : text
        Where the photo lies in the result, instead of amounts: x, y, width, height; it is scaled to
        that size.
    size : text
        Width and height of the result, such as 900x600, together with `place`.
    method : auto, plain, banded, backdrop or generator
        plain: smooth tones and grain. banded: structure, copied from the photo but never from people.
        backdrop: the photo itself behind it, out of focus. auto: by side, and the backdrop where
        nothing else is honest. generator: invented by the image generator that is installed.
    prompt : text
        With method generator: what is to be seen beyond the borders.
    seed : 0 to 2147483647
        The same photos, parameters and seed give the same results.

    Raises
    ------
    ParameterError
        Names the field, what was found and what is allowed.
    NoGeneratorError, GeneratorError
        There is no generator, or it cannot do it.

    References
    ----------
    Pritch et al. 2009, "Shift-map image editing"; Bhat et al. 2008, "Fourier analysis of the 2D screened Poisson
    equation for gradient domain problems".
    """

def generate(
    prompt: str,
    photo: PhotoLike | None = None,
    *,
    style: Literal["photograph", "studio", "film", "black_and_white", "golden_hour", "long_exposure", "oil", "watercolor", "gouache", "pastel", "ink_wash", "impression", "pencil", "colored_pencil", "line_art", "comic", "woodcut", "picture_book", "flat", "pixel", "low_poly", "stained_glass", "paper_cut", "neon"] | None = None,
    negative: str = "",
    width: int | None = None,
    height: int | None = None,
    strength: float = 0.6,
    steps: int | None = None,
    guidance: float | None = None,
    seed: int = 0,
    progress: Callable[[float], None] = ...,
) -> Generated:
    """Make a picture from a prompt, or from a photo and a prompt, by a generator that the operator installed.

    Parameters
    ----------
    photo : Photo, path, bytes, file, PIL image or array, optional
        A photo to begin with; its middle is taken where the picture has another shape. Without one the
        picture is made of the prompt alone.
    prompt : text
        What is to be seen.
    style : photograph, studio, film, black_and_white, golden_hour, long_exposure, oil, watercolor, gouache, pastel, ink_wash, impression, pencil, colored_pencil, line_art, comic, woodcut, picture_book, flat, pixel, low_poly, stained_glass, paper_cut or neon
        How it looks; it adds words to the prompt.
    negative : text
        With a prompt: what is not to be seen.
    width : 64 to 4096
        Pixels across; none: in the photo's shape, or as the height, or 512.
    height : 64 to 4096
        Pixels down; none: in the photo's shape, or as the width, or 512.
    strength : above 0, up to 1
        With a photo: how far to leave it.
    steps : 1 to 150
        With a prompt: steps of the generator; none: as many as its model is made for.
    guidance : 0 to 50
        With a prompt: how closely to follow it; none: as the model is made for.
    seed : 0 to 2147483647
        The same photos, parameters and seed give the same results.

    Raises
    ------
    NoGeneratorError
        None is installed that does this.
    PromptTooLongError
        The prompt has more tokens than the installed model takes.
    GeneratorError, ModelError
        It did not come about.
    ParameterError
        Names the field, what was found and what is allowed.
    """

def hair_bangs(
    photo: PhotoLike,
    *,
    cut: Literal["full", "wispy", "side", "curtain"] = "full",
    length: float = 0.8,
    density: float = 1.0,
    seed: int = 0,
    progress: Callable[[float], None] = ...,
) -> Bangs:
    """Cut bangs: strands in the colours of the photo's own hair fall over the forehead; all else stays.

    Parameters
    ----------
    photo : Photo, path, bytes, file, PIL image or array
        A photo of one person from the front, with hair.
    cut : full, wispy, side or curtain
        full: to the brows; wispy: thin; side: swept; curtain: parted, longer at the temples.
    length : 0 to 1
        How far down; 0 returns the photo as it is, 0.8 reaches the brows.
    density : 0.3 to 1.5
        How many strands.
    seed : 0 to 2147483647
        The same photos, parameters and seed give the same results.

    Raises
    ------
    FaceError
        There is no face or more than one, it is smaller than 128 pixels or turned too far, or the hair does not suit;
        a subclass says which.
    MissingModelError
        The networks are not installed.
    """

def hair_extend(
    photo: PhotoLike,
    *,
    length: float = 0.6,
    wave: float = 0.0,
    progress: Callable[[float], None] = ...,
) -> Extension:
    """Make hair longer; the photo's own hair is drawn out over shoulders and chest, the rest stays.

    Parameters
    ----------
    photo : Photo, path, bytes, file, PIL image or array
        A photo of one person from the front, with hair to the shoulders.
    length : 0 to 1
        How much longer; 0 with wave 0 returns the photo as it is.
    wave : 0 to 1
        How wavy what grows is; 0 as the hair is.

    Raises
    ------
    FaceError
        There is no face or more than one, it is smaller than 128 pixels or turned too far, the shoulders are not
        shown, or the hair does not suit; a subclass says which.
    MissingModelError
        The networks are not installed.
    """

def hair_style(
    photo: PhotoLike,
    style: str,
    *,
    color: Literal["ref", "src"] = "ref",
    seed: int = 0,
    progress: Callable[[float], None] = ...,
) -> Styled:
    """Give a person a hairstyle of the operator's own library; the face, its expression and its light stay.

    Parameters
    ----------
    photo : Photo, path, bytes, file, PIL image or array
        A photo of one person, from the front.
    style : text
        A style of this installation's library; `tinct hair styles list` shows them.
    color : ref or src
        ref: the hair has the style's colour; src: that of the photo's own.
    seed : 0 to 2147483647
        The same photos, parameters and seed give the same results.

    Raises
    ------
    ParameterError
        The library has no such style.
    FaceError
        See `hair_transfer`.
    MissingModelError
        The networks are not installed.
    """

def hair_transfer(
    photo: PhotoLike,
    reference: PhotoLike,
    *,
    color: Literal["ref", "src"] = "ref",
    seed: int = 0,
    progress: Callable[[float], None] = ...,
) -> Transfer:
    """Give a person the hair of a reference photo: that hair itself, laid on this head; the face and its light stay.

    Parameters
    ----------
    photo : Photo, path, bytes, file, PIL image or array
        A photo of one person, from the front.
    reference : Photo, path, bytes, file, PIL image or array
        A photo of one person whose hair is wanted.
    color : ref or src
        ref: the hair keeps its colour; src: it gets the colour of the photo's own.
    seed : 0 to 2147483647
        The same photos, parameters and seed give the same results.

    Raises
    ------
    FaceError
        In a photo there is no face or more than one, or it is smaller than 128 pixels or turned too far; the heads are
        turned too differently; the reference shows too little hair, or its border cuts it; or the photo's own hair is
        so much longer that what it hides cannot be known. A subclass says which; of the reference it is a
        `ReferenceFaceError`.
    MissingModelError
        The networks are not installed.
    """

def hair_volume(
    photo: PhotoLike,
    *,
    amount: float = 0.6,
    where: Literal["all", "crown", "sides"] = "all",
    progress: Callable[[float], None] = ...,
) -> Volume:
    """Give hair more volume; the photo's own hair is spread, face and background stay.

    Parameters
    ----------
    photo : Photo, path, bytes, file, PIL image or array
        A photo of one person, from the front.
    amount : 0 to 1
        How much; 0 returns the photo as it is.
    where : all, crown or sides
        Everywhere, above the forehead, or beside the face.

    Raises
    ------
    FaceError
        There is no face or more than one, it is smaller than 128 pixels or turned too far, or the hair does not suit;
        a subclass says which.
    MissingModelError
        The networks are not installed.
    """

def light(
    photo: PhotoLike,
    *,
    strength: float = 1.0,
    engine: Literal["auto", "classical", "maxim"] = "auto",
    denoise: bool = True,
    progress: Callable[[float], None] = ...,
) -> Lighting:
    """Brighten dark and unevenly lit photos; what is bright is not clipped, and noise is not shown.

    Parameters
    ----------
    photo : Photo, path, bytes, file, PIL image or array
        The photo to brighten, in any depth and RGB profile; both stay.
    strength : 0 to 1
        0 returns the photo's own pixels, 1 the full change.
    engine : auto, classical or maxim
        classical needs no network; maxim is one for dark photos, about 6 s each. auto takes classical,
        which came closer to photos that had been darkened and does not clip lamps and skies.
    denoise : true or false
        Remove noise and JPEG blocks that brightening would show.

    Raises
    ------
    ParameterError
        A parameter is not allowed.
    MissingModelError
        ``maxim`` was asked for and is not installed.
    """

def makeup(
    photo: PhotoLike,
    *,
    reference: PhotoLike | None = None,
    look: Literal["natural", "rose", "classic", "smoky", "bronze", "berry"] | None = None,
    lips: float = 1.0,
    shadow: float = 1.0,
    liner: float = 1.0,
    blush: float = 1.0,
    foundation: float = 1.0,
    everybody: bool = False,
    progress: Callable[[float], None] = ...,
) -> Makeup:
    """Put makeup on a face: what a reference photo's face wears, or a named look; skin tone, light and hair stay.

    Parameters
    ----------
    photo : Photo, path, bytes, file, PIL image or array
        The photo whose faces are made up.
    reference : Photo, path, bytes, file, PIL image or array, optional
        A face that wears the makeup; of several the largest.
    look : natural, rose, classic, smoky, bronze or berry
        A named look, in place of a reference.
    lips : 0 to 1
        How much lipstick; 0 none.
    shadow : 0 to 1
        How much shadow on the lids; 0 none.
    liner : 0 to 1
        How much of the lines along the lashes; 0 none.
    blush : 0 to 1
        How much blush; 0 none.
    foundation : 0 to 1
        How much the skin is evened; its tone stays.
    everybody : true or false
        All faces; otherwise the largest.

    Raises
    ------
    ParameterError
        Neither or both of reference and look are given.
    FaceError
        A photo has no face, or one that is too small, turned too far, cut, covered, or has its eyes closed; a subclass
        says which. Of the reference it is a subclass of `ReferenceFaceError`.
    MissingModelError
        The networks are not installed.
    """

def migrate(
    photo: PhotoLike,
    mode: Literal["auto", "template", "reference", "map"] = "auto",
    *,
    count: int = 1,
    style: Literal["natural", "bold"] | None = None,
    colors: Sequence[str] | None = None,
    spread: float = 0.0,
    reference: PhotoLike | None = None,
    map: PhotoLike | None = None,
    mask: PhotoLike | None = None,
    degree: float = 1.0,
    smoothness: float = 0.5,
    seed: int = 0,
    portrait: bool = True,
    strength: float = 1.0,
    protect: Literal["person", "skin"] = "person",
    maps: bool = False,
    progress: Callable[[float], None] = ...,
) -> Migration:
    """Recolour a photo: new colour families, asked swatches, or a reference photo's colours; people keep their own.

    Parameters
    ----------
    photo : Photo, path, bytes, file, PIL image or array
        The photo to recolour.
    reference : Photo, path, bytes, file, PIL image or array, optional
        Where the colours come from, in mode reference.
    map : Photo, path, bytes, file, PIL image or array, optional
        For mode map: a colour map as `maps` gives it, N tiles of N by N pixels side by side; nothing is
        fitted.
    mask : Photo, path, bytes, file, PIL image or array, optional
        Recolour only here: a grey picture of the photo's size, white is recoloured, black is kept, grey
        blends. New colours are fitted to what is white alone.
    mode : auto, template, reference or map
        auto: new colour families; template: swatches become the main colours; reference: take the
        colours of the photo given as `reference`; map: apply the colour map given as `map`.
    count : 1 to 8
        How many results; more than 1 only in mode auto.
    style : natural or bold
        Mode auto: natural turns what is known by its colour (sky, lawn, fruit) only as far as is
        likely, bold turns all nearly alike; by default natural for up to 4 results, bold for more.
    colors : 1 to 7 × text
        1 to 7 swatches: CSS names, #RGB, #RRGGBB or AARRGGBB; mode template needs them.
    spread : 0 to 1
        Mode template: 0 is calm, a smooth area keeps one swatch; 1 insists on every swatch.
    degree : 0 to 1
        0 keeps the photo, 1 is the full recolouring, between them a linear blend.
    smoothness : 0 to 1
        Mode reference: 0 follows the reference's colours most tightly, 1 keeps the photo's drawing
        most.
    seed : 0 to 2147483647
        The same photos, parameters and seed give the same results.
    portrait : true or false
        People keep their own colours.
    strength : 0 to 1
        How completely people keep their colours.
    protect : person or skin
        What of people keeps its colours: person, all of them; skin, faces and bare skin, not hair and
        clothes.
    maps : true or false
        Also give what a preview needs: the colour map of each result as a strip of 33 tiles, to be
        applied to other photos by mode map, and where people kept their colours.

    Raises
    ------
    ParameterError
        Names the field, what was found and what is allowed.
    """

def moderate(
    photo: PhotoLike,
    *,
    threshold: float = 0.5,
    progress: Callable[[float], None] = ...,
) -> Moderation:
    """Tell photos with nudity or pornography from others; the facts hold the verdict and all scores.

    Parameters
    ----------
    photo : Photo, path, bytes, file, PIL image or array
        Any size and depth; transparent parts are seen on white. It does not come back.
    threshold : above 0, below 1
        A photo whose score reaches it is called unsafe; lower is stricter.

    Raises
    ------
    ParameterError
        `threshold` is outside its range.
    MissingModelError
        No classifier is installed.
    """

def replace(
    photo: PhotoLike,
    mask: PhotoLike,
    by: Literal["object", "surface", "color", "prompt"] | None = None,
    *,
    reference: PhotoLike | None = None,
    color: str | None = None,
    prompt: str | None = None,
    negative: str = "",
    steps: int | None = None,
    guidance: float | None = None,
    match: float = 0.5,
    strength: float = 1.0,
    seed: int = 0,
    progress: Callable[[float], None] = ...,
) -> Replacement:
    """Replace what a mask covers by an object or a surface from another photo, by another colour, or by a prompt.

    Parameters
    ----------
    photo : Photo, path, bytes, file, PIL image or array
        The photo in which something is replaced.
    mask : Photo, path, bytes, file, PIL image or array
        A grey picture of the same size: white is replaced, black is kept, grey between them mixes.
    reference : Photo, path, bytes, file, PIL image or array, optional
        The photo with the object, cut out or not, or of the surface.
    by : object, surface, color or prompt
        object: what the reference shows, cut out and set into the mask, the old one removed. surface:
        the whole reference, laid on the mask in its light and, on a mask with four corners, in its
        perspective. color: another colour, the drawing and the light stay. prompt: what a prompt says,
        by a generator that the operator installed. None: prompt where there is one, else object.
    color : text
        The new colour: a name of CSS, #RGB or #RRGGBB.
    prompt : text
        What is to be seen in the mask, such as: a red armchair.
    negative : text
        With a prompt: what is not to be seen.
    steps : 1 to 150
        With a prompt: steps of the generator; none: as many as its model is made for.
    guidance : 0 to 50
        With a prompt: how closely to follow it; none: as the model is made for.
    match : 0 to 1
        How far an object takes on the light of the place; 0 keeps its own.
    strength : 0 to 1
        0 returns the photo's own pixels, 1 the full change.
    seed : 0 to 2147483647
        The same photos, parameters and seed give the same results.

    Raises
    ------
    NoGeneratorError
        By prompt, and no generator is installed that fills masks.
    GeneratorError, ModelError
        By prompt, and it did not come about.
    ParameterError
        Names the field, what was found and what is allowed.
    """

def restore(
    photo: PhotoLike,
    mask: PhotoLike | None = None,
    *,
    sensitivity: float = 0.5,
    condition: Literal["auto", "worn", "sound"] = "auto",
    level: Literal["auto", "on", "off"] = "auto",
    seed: int = 0,
    progress: Callable[[float], None] = ...,
) -> Restoration:
    """Repair scratches, cracks, folds, dust and spots of old photos and level fading; grain and a clean photo stay.

    Parameters
    ----------
    photo : Photo, path, bytes, file, PIL image or array
        A scan or photo of an old print or negative; depth and profile stay.
    mask : Photo, path, bytes, file, PIL image or array, optional
        A grey picture of the same size, white where it is damaged, in place of what would be found.
    sensitivity : 0 to 1
        How readily something is held for damage: 0 finds nothing, above 0.5 wires and twigs may go.
    condition : auto, worn or sound
        Whether it is a worn print: worn says that it is creased, scratched or dusty, and all that looks
        so goes, now and then a line of the photo too; sound leaves what is doubtful; auto tells by
        itself.
    level : auto, on or off
        Faded tones and the tint of yellowed and sepia prints: auto takes them back where the photo is
        of one warm tint and faded or damaged, or grey and damaged; on where there are any; off leaves
        them.
    seed : 0 to 2147483647
        The same photos, parameters and seed give the same results.

    Raises
    ------
    ParameterError
        Names the field, what was found and what is allowed.
    ModelError
        The weights are missing or damaged.

    References
    ----------
    Guleryuz 2006, "Nonlinear approximation based image recovery using adaptive sparse reconstructions and iterated
    denoising"; Tu 2008, "Auto-context and its application to high-level vision tasks"; He and Sun 2012, "Statistics of
    patch offsets for image completion".
    """

def swap(
    photo: PhotoLike,
    references: PhotoLike | Sequence[PhotoLike],
    *,
    mapping: Sequence[int] | None = None,
    consent: bool = False,
    force: bool = False,
    mark: Literal["none", "visible", "invisible"] = "none",
    progress: Callable[[float], None] = ...,
) -> Swap:
    """Put the faces of reference photos on the heads of a photo; pose, expression, light and hair stay the photo's.

    Parameters
    ----------
    photo : Photo, path, bytes, file, PIL image or array
        The photo whose faces are replaced.
    references : Photo, path, bytes, file, PIL image or array, or a list of them
        Faces to put in; of several in one photo the largest.
    mapping : any number × -1 to 9
        For each face of the photo from left to right, as detect_faces numbers them, the number of the
        reference from 0, or -1 to leave it; faces beyond the list stay. Without it the first reference
        goes to the largest face.
    consent : true or false
        Says that those who are shown agree; without it nothing is swapped.
    force : true or false
        Also where poses or expressions differ too much to look real.
    mark : none, visible or invisible
        visible writes into a corner that faces were swapped; invisible hides it in the whole photo,
        where `tinct marked` finds it again.

    Raises
    ------
    ParameterError
        Consent is missing, or `mapping` names a face or reference that is not there.
    FaceError
        There is no face, or one does not suit; a subclass says why. Of a reference it is a `ReferenceFaceError`.
    MissingModelError
        The networks are not installed.
    """

# End of effects
# isort: on

__version__: str
