// Written by `python -m bc_extension.generate` from the schema: change that, not this file.
page 50111 "SI Item"
{
    PageType = API;
    APIPublisher = 'integration';
    APIGroup = 'sales';
    APIVersion = 'v1.0';
    EntityName = 'item';
    EntitySetName = 'items';
    SourceTable = Item;
    ODataKeyFields = SystemId;
    DelayedInsert = true;
    Extensible = false;

    layout
    {
        area(Content)
        {
            repeater(Records)
            {
                field(id; Rec.SystemId)
                {
                    Caption = 'SystemId', Locked = true;

                    trigger OnValidate()
                    begin
                        if not IsNullGuid(xRec.SystemId) and (Rec.SystemId <> xRec.SystemId) then
                            Error(IdStaysErr);
                    end;
                }
                field(number; Rec."No.")
                {
                    Caption = 'No.', Locked = true;
                    Editable = false;
                }
                field(displayName; Rec.Description)
                {
                    Caption = 'Description', Locked = true;
                }
                field(unitPrice; Rec."Unit Price")
                {
                    Caption = 'Unit Price', Locked = true;
                    Editable = false;
                }
                field(unitCost; Rec."Unit Cost")
                {
                    Caption = 'Unit Cost', Locked = true;
                    Editable = false;
                }
                field(unitVolume; Rec."Unit Volume")
                {
                    Caption = 'Unit Volume', Locked = true;
                    Editable = false;
                }
                field(grossWeight; Rec."Gross Weight")
                {
                    Caption = 'Gross Weight', Locked = true;
                    Editable = false;
                }
                field(vendorNumber; Rec."Vendor No.")
                {
                    Caption = 'Vendor No.', Locked = true;
                    Editable = false;
                }
                field(vendorItemNumber; Rec."Vendor Item No.")
                {
                    Caption = 'Vendor Item No.', Locked = true;
                    Editable = false;
                }
                field(inventory; Rec.Inventory)
                {
                    Caption = 'Inventory', Locked = true;
                    Editable = false;
                }
                field(baseUnitOfMeasureCode; BaseUnitOfMeasureCode)
                {
                    Caption = 'Base Unit of Measure', Locked = true;

                    trigger OnValidate()
                    begin
                        BaseUnitOfMeasureCodeGiven := true;
                    end;
                }
                field(blocked; Rec.Blocked)
                {
                    Caption = 'Blocked', Locked = true;
                }
                field(priceIncludesTax; Rec."Price Includes VAT")
                {
                    Caption = 'Price Includes VAT', Locked = true;
                    Editable = false;
                }
                field(vatBusPostingGroupPrice; Rec."VAT Bus. Posting Gr. (Price)")
                {
                    Caption = 'VAT Bus. Posting Gr. (Price)', Locked = true;
                    Editable = false;
                }
                field(lastModifiedDateTime; Rec.SystemModifiedAt)
                {
                    Caption = 'SystemModifiedAt', Locked = true;
                    Editable = false;
                }
            }
        }
    }

    trigger OnAfterGetRecord()
    begin
        ShowWhatIsNoField();
    end;

    trigger OnInsertRecord(BelowxRec: Boolean): Boolean
    begin
        // An id that came along is kept: the caller finds its record by it, whatever happens.
        Rec.Insert(true, not IsNullGuid(Rec.SystemId));
        ApplyWhatNeedsTheRecord();
        ShowWhatIsNoField();
        exit(false);
    end;

    trigger OnModifyRecord(): Boolean
    begin
        Rec.Modify(true);
        ApplyWhatNeedsTheRecord();
        ShowWhatIsNoField();
        exit(false);
    end;

    local procedure ApplyWhatNeedsTheRecord()
    begin
        if BaseUnitOfMeasureCodeGiven then begin
            Rec.Validate("Base Unit of Measure", BaseUnitOfMeasureCode);
            Rec.Modify(true);
            BaseUnitOfMeasureCodeGiven := false;
        end;
    end;

    local procedure ShowWhatIsNoField()
    begin
        BaseUnitOfMeasureCode := Rec."Base Unit of Measure";
    end;

    var
        BaseUnitOfMeasureCode: Code[10];
        BaseUnitOfMeasureCodeGiven: Boolean;
        IdStaysErr: Label 'The id of a record that is there cannot be changed.';
}
