//! The packages and things. Each draws itself and says where its label is.

use super::canvas::{Area, Canvas, Colour};
use super::{Shape, Sketch};

/// Draws the shape standing on a shadow, and returns the area for the lettering.
pub fn draw(canvas: &mut Canvas, sketch: &Sketch) -> Area {
    let ground = sketch.accent.backdrop(sketch.body).shaded();
    canvas.ellipse((70, 338, 260, 34), ground);
    let draw = match sketch.shape {
        Shape::Bag => bag,
        Shape::Bar => bar,
        Shape::Basin => basin,
        Shape::Battery => battery,
        Shape::Book => book,
        Shape::Bottle => bottle,
        Shape::Box => carton_box,
        Shape::Bulb => bulb,
        Shape::Carton => carton,
        Shape::Chair => chair,
        Shape::Jar => jar,
        Shape::Lantern => lantern,
        Shape::Packet => packet,
        Shape::Pen => pen,
        Shape::Pouch => pouch,
        Shape::Roll => roll,
        Shape::Satchel => satchel,
        Shape::Table => table,
        Shape::Tin => tin,
        Shape::Tub => tub,
        Shape::Tube => tube,
    };
    draw(canvas, sketch)
}

fn label(canvas: &mut Canvas, area: Area, sketch: &Sketch) -> Area {
    canvas.block(area, 10, sketch.accent);
    area
}

fn bag(canvas: &mut Canvas, sketch: &Sketch) -> Area {
    canvas.polygon(&[(104, 96), (296, 96), (310, 350), (90, 350)], sketch.body);
    canvas.polygon(&[(276, 96), (296, 96), (310, 350), (284, 350)], sketch.body.shaded());
    canvas.polygon(&[(112, 56), (288, 56), (296, 98), (104, 98)], sketch.lid);
    canvas.line(&[(112, 80), (288, 80)], 4, sketch.lid.shaded());
    canvas.polygon(&[(97, 306), (307, 306), (309, 330), (92, 330)], sketch.accent.lit());
    label(canvas, (120, 140, 160, 130), sketch)
}

fn pouch(canvas: &mut Canvas, sketch: &Sketch) -> Area {
    canvas.block((96, 62, 208, 290), 26, sketch.body);
    canvas.block((112, 78, 22, 258), 11, sketch.body.lit());
    canvas.block((96, 62, 208, 30), 12, sketch.lid);
    canvas.line(&[(110, 104), (290, 104)], 3, sketch.lid);
    canvas.ellipse((108, 140, 184, 164), sketch.accent);
    (132, 172, 136, 100)
}

fn packet(canvas: &mut Canvas, sketch: &Sketch) -> Area {
    canvas.block((88, 74, 224, 276), 18, sketch.body);
    canvas.block((104, 96, 18, 232), 9, sketch.body.lit());
    let teeth = |top: i16, tip: i16| -> Vec<(i16, i16)> {
        let zigzag = (0..=14).map(|tooth: i16| (88 + tooth * 16, if tooth % 2 == 0 { tip } else { top }));
        [(312, top + (top - tip) * 2), (88, top + (top - tip) * 2)].into_iter().chain(zigzag).collect()
    };
    canvas.polygon(&teeth(74, 62), sketch.lid);
    canvas.polygon(&teeth(350, 362), sketch.lid);
    canvas.polygon(&[(88, 276), (312, 222), (312, 322), (88, 322)], sketch.accent.lit());
    label(canvas, (122, 128, 156, 112), sketch)
}

fn carton_box(canvas: &mut Canvas, sketch: &Sketch) -> Area {
    canvas.polygon(&[(82, 128), (258, 128), (258, 352), (82, 352)], sketch.body);
    canvas.polygon(&[(258, 128), (318, 92), (318, 312), (258, 352)], sketch.lid);
    canvas.polygon(&[(82, 128), (144, 92), (318, 92), (258, 128)], sketch.lid.lit());
    canvas.polygon(&[(82, 318), (258, 318), (258, 336), (82, 336)], sketch.accent.lit());
    label(canvas, (100, 166, 140, 116), sketch)
}

fn carton(canvas: &mut Canvas, sketch: &Sketch) -> Area {
    canvas.polygon(&[(110, 150), (250, 150), (250, 352), (110, 352)], sketch.body);
    canvas.polygon(&[(250, 150), (300, 128), (300, 322), (250, 352)], sketch.body.shaded());
    canvas.polygon(&[(110, 150), (140, 88), (276, 88), (250, 150)], sketch.lid);
    canvas.polygon(&[(250, 150), (276, 88), (300, 128)], sketch.lid.shaded());
    canvas.polygon(&[(140, 88), (140, 62), (276, 62), (276, 88)], sketch.lid.lit());
    canvas.polygon(&[(110, 300), (250, 300), (250, 352), (110, 352)], sketch.accent.lit());
    label(canvas, (122, 178, 116, 100), sketch)
}

fn bottle(canvas: &mut Canvas, sketch: &Sketch) -> Area {
    canvas.block((172, 34, 56, 40), 8, sketch.lid);
    canvas.polygon(&[(178, 74), (222, 74), (226, 104), (270, 160), (130, 160), (174, 104)], sketch.body);
    canvas.block((130, 146, 140, 206), 20, sketch.body);
    canvas.block((144, 160, 16, 178), 8, sketch.body.lit());
    canvas.block((246, 160, 12, 178), 6, sketch.body.shaded());
    canvas.polygon(&[(130, 188), (270, 188), (270, 298), (130, 298)], sketch.accent);
    (136, 188, 128, 110)
}

fn jar(canvas: &mut Canvas, sketch: &Sketch) -> Area {
    canvas.block((112, 66, 176, 52), 12, sketch.lid);
    canvas.line(&[(122, 92), (278, 92)], 4, sketch.lid.shaded());
    canvas.block((96, 112, 208, 240), 38, sketch.body);
    canvas.block((110, 150, 18, 168), 9, sketch.body.lit());
    label(canvas, (134, 172, 144, 116), sketch)
}

fn tin(canvas: &mut Canvas, sketch: &Sketch) -> Area {
    canvas.ellipse((102, 310, 196, 46), sketch.lid.shaded());
    canvas.block((102, 92, 196, 242), 2, sketch.body);
    canvas.ellipse((102, 308, 196, 40), sketch.body);
    canvas.block((116, 100, 18, 222), 9, sketch.body.lit());
    canvas.block((102, 152, 196, 128), 1, sketch.accent);
    canvas.ellipse((100, 68, 200, 48), sketch.lid);
    canvas.ellipse((114, 74, 172, 34), sketch.lid.lit());
    (118, 156, 164, 120)
}

fn tub(canvas: &mut Canvas, sketch: &Sketch) -> Area {
    canvas.polygon(&[(90, 140), (310, 140), (286, 350), (114, 350)], sketch.body);
    canvas.polygon(&[(288, 140), (310, 140), (286, 350), (268, 350)], sketch.body.shaded());
    canvas.block((78, 104, 244, 46), 16, sketch.lid);
    canvas.block((90, 112, 220, 8), 4, sketch.lid.lit());
    label(canvas, (124, 184, 150, 118), sketch)
}

fn bar(canvas: &mut Canvas, sketch: &Sketch) -> Area {
    canvas.polygon(&[(52, 212), (128, 160), (356, 160), (282, 212)], sketch.body.lit());
    canvas.polygon(&[(282, 212), (356, 160), (356, 290), (282, 350)], sketch.body.shaded());
    canvas.block((52, 208, 232, 142), 8, sketch.body);
    canvas.line(&[(54, 330), (280, 330)], 6, sketch.lid);
    label(canvas, (88, 228, 160, 86), sketch)
}

fn tube(canvas: &mut Canvas, sketch: &Sketch) -> Area {
    canvas.polygon(&[(106, 52), (294, 52), (256, 306), (144, 306)], sketch.body.shaded());
    canvas.polygon(&[(112, 62), (276, 62), (246, 306), (150, 306)], sketch.body);
    canvas.line(&[(106, 58), (294, 58)], 12, sketch.accent);
    canvas.block((146, 300, 108, 52), 10, sketch.lid);
    canvas.line(&[(166, 312), (166, 342)], 4, sketch.lid.lit());
    canvas.line(&[(200, 312), (200, 342)], 4, sketch.lid.lit());
    canvas.line(&[(234, 312), (234, 342)], 4, sketch.lid.lit());
    label(canvas, (142, 120, 116, 130), sketch)
}

fn roll(canvas: &mut Canvas, sketch: &Sketch) -> Area {
    canvas.block((84, 116, 232, 222), 6, sketch.body);
    canvas.ellipse((84, 306, 232, 54), sketch.body.shaded());
    canvas.block((84, 116, 232, 216), 6, sketch.body);
    canvas.ellipse((84, 84, 232, 68), sketch.lid);
    canvas.ellipse((158, 104, 84, 28), sketch.accent.shaded());
    label(canvas, (120, 188, 160, 104), sketch)
}

fn basin(canvas: &mut Canvas, sketch: &Sketch) -> Area {
    canvas.polygon(&[(44, 180), (356, 180), (304, 344), (96, 344)], sketch.body);
    canvas.ellipse((96, 328, 208, 30), sketch.body);
    canvas.ellipse((40, 136, 320, 88), sketch.lid);
    canvas.ellipse((62, 148, 276, 64), sketch.lid.shaded());
    label(canvas, (140, 246, 120, 74), sketch)
}

fn chair(canvas: &mut Canvas, sketch: &Sketch) -> Area {
    canvas.line(&[(128, 236), (112, 350)], 16, sketch.accent);
    canvas.line(&[(272, 236), (288, 350)], 16, sketch.accent);
    canvas.line(&[(160, 236), (160, 330)], 12, sketch.accent.shaded());
    canvas.line(&[(240, 236), (240, 330)], 12, sketch.accent.shaded());
    canvas.block((118, 50, 164, 170), 34, sketch.body);
    canvas.block((104, 206, 192, 44), 16, sketch.lid);
    canvas.line(&[(112, 214), (100, 156), (126, 150)], 12, sketch.lid);
    canvas.line(&[(288, 214), (300, 156), (274, 150)], 12, sketch.lid);
    label(canvas, (146, 82, 108, 84), sketch)
}

fn table(canvas: &mut Canvas, sketch: &Sketch) -> Area {
    canvas.line(&[(110, 196), (226, 348)], 10, sketch.accent.lit());
    canvas.line(&[(290, 196), (174, 348)], 10, sketch.accent);
    canvas.polygon(&[(40, 186), (104, 132), (296, 132), (360, 186)], sketch.lid);
    canvas.block((38, 184, 324, 26), 8, sketch.body);
    label(canvas, (150, 226, 100, 66), sketch)
}

fn book(canvas: &mut Canvas, sketch: &Sketch) -> Area {
    canvas.block((108, 62, 204, 284), 6, Colour::WHITE.shaded());
    canvas.block((100, 70, 204, 284), 8, sketch.body);
    canvas.polygon(&[(100, 74), (122, 70), (122, 354), (100, 350)], sketch.lid);
    canvas.line(&[(146, 258), (278, 258)], 5, sketch.body.lit());
    canvas.line(&[(146, 284), (278, 284)], 5, sketch.body.lit());
    canvas.line(&[(146, 310), (240, 310)], 5, sketch.body.lit());
    label(canvas, (144, 108, 136, 110), sketch)
}

fn pen(canvas: &mut Canvas, sketch: &Sketch) -> Area {
    canvas.line(&[(92, 330), (110, 312)], 6, Colour::BLACK);
    canvas.line(&[(116, 306), (214, 208)], 30, sketch.body);
    canvas.line(&[(214, 208), (306, 116)], 36, sketch.lid);
    canvas.line(&[(248, 190), (318, 120)], 8, sketch.accent);
    canvas.line(&[(124, 292), (204, 212)], 6, sketch.body.lit());
    label(canvas, (70, 76, 128, 96), sketch)
}

fn satchel(canvas: &mut Canvas, sketch: &Sketch) -> Area {
    canvas.line(&[(150, 130), (156, 76), (244, 76), (250, 130)], 16, sketch.lid);
    canvas.block((64, 122, 272, 228), 28, sketch.body);
    canvas.block((64, 122, 272, 84), 28, sketch.body.lit());
    canvas.line(&[(82, 204), (318, 204)], 5, sketch.lid);
    canvas.block((182, 190, 36, 34), 6, sketch.accent);
    label(canvas, (130, 242, 140, 82), sketch)
}

fn bulb(canvas: &mut Canvas, sketch: &Sketch) -> Area {
    canvas.ellipse((106, 46, 188, 188), sketch.body.mixed_with(sketch.accent, 18));
    canvas.ellipse((112, 50, 176, 176), sketch.body);
    canvas.polygon(&[(136, 196), (264, 196), (240, 262), (160, 262)], sketch.accent);
    for (turn, top) in (0_i16..).zip([268, 288, 308]) {
        canvas.block((158 + turn * 4, top, 84 - turn * 8, 18), 6, sketch.lid);
    }
    canvas.ellipse((182, 324, 36, 24), Colour::BLACK);
    canvas.line(&[(146, 92), (166, 74)], 10, Colour::WHITE);
    (156, 200, 88, 58)
}

fn lantern(canvas: &mut Canvas, sketch: &Sketch) -> Area {
    canvas.line(&[(140, 110), (150, 52), (250, 52), (260, 110)], 10, sketch.lid);
    canvas.block((118, 96, 164, 44), 14, sketch.body);
    canvas.block((132, 138, 136, 112), 8, Colour::WHITE.mixed_with(sketch.body, 35));
    canvas.ellipse((164, 154, 72, 84), Colour::WHITE);
    canvas.block((108, 248, 184, 102), 18, sketch.body);
    canvas.line(&[(132, 140), (132, 250)], 8, sketch.lid);
    canvas.line(&[(268, 140), (268, 250)], 8, sketch.lid);
    label(canvas, (136, 264, 128, 70), sketch)
}

fn battery(canvas: &mut Canvas, sketch: &Sketch) -> Area {
    for (left, colour) in [(82, sketch.body.lit()), (158, sketch.body), (234, sketch.body.lit())] {
        canvas.block((left + 26, 74, 28, 24), 6, sketch.lid);
        canvas.block((left, 92, 80, 260), 14, colour);
        canvas.block((left, 92, 80, 70), 14, sketch.accent.lit());
    }
    label(canvas, (96, 206, 208, 96), sketch)
}
